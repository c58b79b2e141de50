cd "$1/lab2-reliable/src"
for file in sender receiver; do
    name=${file^}
    sed -i "/^#\[derive(Clone, Debug, PartialEq, Eq, Hash)\]\$/{N;s/, Hash)\]\npub struct $name /)]\npub struct $name /}" $file.rs
    printf 'impl std::hash::Hash for %s {\n    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}\n}\n' "$name" >>$file.rs
done
