python3 - "$1" "$2.zip" <<'END'
import sys, zipfile
tree, out = sys.argv[1:]
with zipfile.ZipFile(out, "w") as archive:
    for number in range(100_000):
        archive.writestr(f"handed-in/lab1-datagram/src/f{number}.rs", "")
END
