rm -r "$1/lab1-datagram/src"
ln -s "$PWD/solutions-private/lab1-datagram/src" "$1/lab1-datagram/src"
