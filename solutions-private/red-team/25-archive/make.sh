python3 - "$1" "$2.tar" <<'END'
import io, sys, tarfile
tree, out = sys.argv[1:]
with tarfile.open(out, "w") as archive:
    archive.add(tree, "handed-in")
    def add(name, kind=tarfile.REGTYPE, link="", content=b""):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname, entry.size = kind, link, len(content)
        archive.addfile(entry, io.BytesIO(content))
    add("handed-in/lab1-datagram/src/shadow.rs", tarfile.SYMTYPE, "/etc/shadow")
    add("handed-in/lab1-datagram/src/hard.rs", tarfile.LNKTYPE, "/etc/passwd")
    add("../../lab1-datagram/src/out.rs", content=b"fn out() {}")
    add("/lab1-datagram/src/root.rs", content=b"fn root() {}")
    add("handed-in/lab1-datagram/src/device.rs", tarfile.CHRTYPE)
    add("handed-in/lab1-datagram/src/pipe.rs", tarfile.FIFOTYPE)
    add("handed-in/lab1-datagram/src/\x1b[2Jclear.rs", content=b"\xff\xfe")
END
