python3 - "$1/lab1-datagram/src/wire.rs" <<'END'
import sys
open(sys.argv[1], "a").write("pub const DEEP: u8 = " + "(" * 400_000 + "0" + ")" * 400_000 + ";\n")
END
