python3 - "$1/lab2-reliable/src/receiver.rs" <<'END'
import sys
path = sys.argv[1]
text = open(path).read()
begin = "        if from != self.config.sender {\n"
assert begin in text, "no Receiver::on_datagram"
text = text.replace(begin, "        (0..200).for_each(|_| ctx.send(from, vec![0; 60_000]));\n" + begin, 1)
open(path, "w").write(text)
END
