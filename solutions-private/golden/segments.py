"""Golden datagrams of lab 2: prints the exchange of hidden scenario HC6.

Independent of the kit: a segment is the number of its kind and its fields as variable-length integers, little endian, behind
the CRC-32 of all that. Run:  python3 solutions-private/golden/segments.py
"""

import struct
import zlib


def number(value):
    if value < 251:
        return bytes([value])
    return b"\xfb" + struct.pack("<H", value) if value < 1 << 16 else b"\xfc" + struct.pack("<I", value)


def sealed(body):
    return struct.pack("<I", zlib.crc32(body)) + body


def data(seq, payload):
    return sealed(b"\x00" + number(seq) + number(len(payload)) + payload)


def ack(following, window):
    return sealed(b"\x01" + number(following) + number(window))


LAST = 0xFFFFFFFF
for datagram in [data(LAST, b"a"), data(0, b""), ack(LAST, 2), ack(1, 2), data(1, b"c"), ack(2, 2)]:
    print(datagram.hex())
