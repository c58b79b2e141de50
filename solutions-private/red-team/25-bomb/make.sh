python3 - "$1" "$2.tar.gz" <<'END'
import io, sys, tarfile
tree, out = sys.argv[1:]
with tarfile.open(out, "w:gz", compresslevel=1) as archive:
    archive.add(tree, "handed-in")
    for number in range(4):
        entry = tarfile.TarInfo(f"handed-in/{number}.bin")
        entry.size = 128 << 20
        archive.addfile(entry, open("/dev/zero", "rb"))
END
