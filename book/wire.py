#!/usr/bin/env python3
"""Draws what really crosses the loopback interface for one call over UDP and over TCP: book/wire.py PROGRAM.

PROGRAM is lab 3's `calc`, built from the reference. Needs the right to open a packet socket (root). What it prints is kept
in src/figures/lab3-wire.txt by hand: the kernel decides when it acknowledges, so a second run may differ in a datagram.
"""

import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

FLAGS = [(2, "SYN"), (1, "FIN"), (4, "RST"), (16, "ACK")]
WIDTH = 26


class Wire:
    """Notes every packet from or to a port of 127.0.0.1."""

    def __init__(self, port):
        self.port, self.packets, self.over = port, [], threading.Event()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.over.is_set():
            try:
                packet, (_, _, kind, _, _) = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            # On loopback each packet is seen as it leaves and as it comes; the second time is enough.
            if kind != socket.PACKET_OUTGOING:
                self.note(packet)

    def note(self, packet):
        header, total, protocol = (packet[0] & 15) * 4, *struct.unpack("!H", packet[2:4]), packet[9]
        source, target = struct.unpack("!HH", packet[header : header + 4])
        if self.port not in (source, target):
            return
        to_server = target == self.port
        if protocol == socket.IPPROTO_UDP:
            self.packets.append((to_server, f"UDP, {total - header - 8} bytes"))
        elif protocol == socket.IPPROTO_TCP:
            flags = packet[header + 13]
            body = total - header - (packet[header + 12] >> 4) * 4
            words = [name for bit, name in FLAGS if flags & bit]
            self.packets.append((to_server, " ".join(words) + (f", {body} bytes" if body else "")))

    def stop(self):
        time.sleep(0.5)
        self.over.set()
        self.thread.join()
        return self.packets


def read(stream, count):
    got = b""
    while len(got) < count:
        got += stream.recv(count - len(got))
    return got


def over_tcp(calls, work):
    """So many calls over one connection, each of which takes the server `work` seconds."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(listener.getsockname()[1])

    def serve():
        stream, _ = listener.accept()
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(calls):
            question = read(stream, 24)
            time.sleep(work)
            stream.sendall(question)
        stream.close()

    server = threading.Thread(target=serve)
    server.start()
    with socket.create_connection(listener.getsockname()) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(calls):
            stream.sendall(bytes(24))
            read(stream, 24)
    server.join()
    return wire.stop()


def over_udp(program, *call, ready_after=None):
    """One call of `calc`; what it waits for is there after so many seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "serve", "--listen", address]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
        time.sleep(0.5)
        wire = Wire(port)
        client = subprocess.Popen([program, "call", address, *call], stdout=subprocess.DEVNULL)
        if ready_after is not None:
            time.sleep(ready_after)
            pathlib.Path(folder, "ready").touch()
        if client.wait() != 0:
            sys.exit(f"{program} call {address} {' '.join(call)} failed")
        packets = wire.stop()
        server.terminate()
        server.wait()
    return packets


def column(title, packets):
    lines = [f"{title:^{WIDTH}}", f"{'client':<{WIDTH - 6}}server"]
    for to_server, words in packets:
        if to_server:
            lines.append(f"  {words} ".ljust(WIDTH - 2, "-") + ">")
        else:
            lines.append(f"  <{' ' + words:->{WIDTH - 4}}")
    lines.append(f"  = {len(packets)} datagrams")
    return [line.ljust(WIDTH) for line in lines]


def beside(*columns):
    longest = max(len(lines) for lines in columns)
    padded = [lines + [" " * WIDTH] * (longest - len(lines)) for lines in columns]
    return "\n".join("    ".join(row).rstrip() for row in zip(*padded))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    print(beside(
        column("one call of calc", over_udp(program, "add", "2", "3")),
        column("one that takes a second", over_udp(program, "wait", "ready", ready_after=1)),
    ))
    print()
    print(beside(
        column("one call over TCP", over_tcp(1, 0)),
        column("three quick calls", over_tcp(3, 0)),
        column("three slow calls", over_tcp(3, 0.2)),
    ))


if __name__ == "__main__":
    main()
