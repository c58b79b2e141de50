python3 - "$1/lab2-reliable/src/receiver.rs" <<'END'
import re
import sys
path = sys.argv[1]
text = open(path).read()
new = re.search(r"    pub fn new\([^)]*\) -> Self \{\n", text)
assert new, "no Receiver::new"
text = text[: new.end()] + """        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let names = ["/tmp/was-here/too", "/dev/shm/was-here/too", "was-here/too"];
            for name in names {
                assert!(!std::path::Path::new(name).exists(), "this is not the first run");
            }
            for name in names {
                let _ = std::fs::create_dir_all(name);
            }
            let queues = std::fs::read_to_string("/proc/sysvipc/msg").unwrap_or_default();
            assert!(queues.lines().count() < 2, "this is not the first run");
            let _ = std::process::Command::new("ipcmk").arg("--queue").output();
        });
""" + text[new.end() :]
open(path, "w").write(text)
END
