"""Golden vectors of lab 1: prints labs/lab1-datagram/golden.txt.

Independent of the kit and of the reference solution: written from the layout table in message.rs, with nothing but
struct and zlib. Run:  python3 solutions-private/golden/golden.py > labs/lab1-datagram/golden.txt
"""

import struct
import zlib

KINDS = {"ping": 1, "echo": 2}


def datagram(kind, session, seq, payload, magic=0x464C, version=1, length=None, flip=0):
    """A datagram; `length` and `flip` (exclusive or with the checksum) make it wrong on purpose."""
    length = len(payload) if length is None else length
    head = struct.pack(">HBBIIH", magic, version, kind, session, seq, length)
    crc = zlib.crc32(head + bytes(4) + payload)
    return head + struct.pack(">I", crc ^ flip) + payload


def ramp(size):
    return bytes(index % 256 for index in range(size))


def crc_of(data):
    return zlib.crc32(data[:14] + bytes(4) + data[18:])


def bad_checksum(data):
    declared = struct.unpack(">I", data[14:18])[0]
    assert declared != crc_of(data)
    return f"BadChecksum({declared:#010x},{crc_of(data):#010x})"


def flipped(data, byte, mask):
    return data[:byte] + bytes([data[byte] ^ mask]) + data[byte + 1 :]


def with_checksum(data, crc, order=">"):
    return data[:14] + struct.pack(order + "I", crc) + data[18:]


def small_checksum():
    """The first seq whose checksum begins with a zero byte."""
    return next(seq for seq in range(100_000) if datagram(1, 7, seq, b"")[14] == 0)


def good_vectors():
    yield "empty", "ping", 0, 0, b"", None
    yield "one-byte", "ping", 1, 0, b"a", None
    yield "five-bytes", "ping", 1, 1, b"hello", None
    yield "byte-order", "ping", 0x01020304, 0x05060708, bytes([9, 10, 11, 12]), None
    yield "high-bits", "ping", 0x80000001, 0xFFFFFFFE, b"high", None
    yield "all-ones", "echo", 0xFFFFFFFF, 0xFFFFFFFF, b"\xff" * 8, None
    yield "zero-payload", "ping", 2, 3, bytes(8), None
    yield "one-zero-byte", "ping", 2, 4, bytes(1), None
    yield "zeros-and-ones", "echo", 2, 5, b"\x00\xff\x00\xff\xff\x00", None
    yield "not-utf-8", "ping", 2, 6, b"\xc3\x28\x80\xfe\r\n\x00", None
    yield "small-checksum", "ping", 7, small_checksum(), b"", None
    yield "a-datagram-inside", "echo", 8, 9, datagram(1, 8, 9, b"inner"), None
    yield "length-256", "ping", 3, 256, ramp(256), "ramp(256)"
    yield "one-below-the-limit", "ping", 3, 1199, ramp(1199), "ramp(1199)"
    yield "at-the-limit", "ping", 3, 1200, ramp(1200), "ramp(1200)"
    yield "high-bits-at-the-limit", "ping", 0x80000001, 0xFFFFFFFE, ramp(1200), "ramp(1200)"


def with_answers(vectors):
    """Each ping is followed by the echo that answers it."""
    for name, kind, *rest in vectors:
        yield name, kind, *rest
        if kind == "ping":
            yield name + "-echo", "echo", *rest


def wrong_from_the_start():
    five = datagram(1, 1, 1, b"hello")
    yield "nothing", "TooShort(0)", b""
    yield "three-bytes", "TooShort(3)", b"\xff\x00\x01"
    yield "one-byte-less-than-a-header", "TooShort(17)", datagram(1, 1, 1, b"")[:17]
    yield "another-magic", "BadMagic(0x464d)", datagram(1, 1, 1, b"hello", magic=0x464D)
    yield "magic-little-endian", "BadMagic(0x4c46)", datagram(1, 1, 1, b"hello", magic=0x4C46)
    yield "version-0", "BadVersion(0)", datagram(1, 1, 1, b"hello", version=0)
    yield "version-2", "BadVersion(2)", datagram(1, 1, 1, b"hello", version=2)
    yield "one-byte-missing", "BadLength(5,4)", five[:-1]
    yield "one-byte-too-many", "BadLength(5,6)", five + b"!"
    yield "length-with-header", "BadLength(23,5)", datagram(1, 1, 1, b"hello", length=23)
    yield "length-little-endian", "BadLength(1280,5)", datagram(1, 1, 1, b"hello", length=0x0500)
    yield "length-65535-of-nothing", "BadLength(65535,0)", datagram(1, 1, 1, b"", length=0xFFFF)
    yield "one-above-the-limit", "PayloadTooLarge(1201)", datagram(1, 1, 1, ramp(1201))


def wrong_by_checksum():
    five, eight = datagram(1, 1, 1, b"hello"), datagram(1, 1, 1, b"abcdefgh")
    for name, data in [
        ("payload-bit-flipped", flipped(five, 20, 0x10)),
        ("last-bit-flipped", flipped(five, 22, 0x01)),
        ("session-bit-flipped", flipped(five, 4, 0x80)),
        ("seq-bit-flipped", flipped(five, 11, 0x02)),
        ("ping-turned-echo", flipped(five, 3, 0x03)),
        ("checksum-bit-flipped", flipped(five, 17, 0x01)),
        ("checksum-zero", with_checksum(five, 0)),
        ("checksum-little-endian", with_checksum(five, crc_of(five), order="<")),
        ("checksum-of-payload-only", with_checksum(five, zlib.crc32(b"hello"))),
        ("checksum-over-itself", with_checksum(five, zlib.crc32(five))),
        ("words-swapped", eight[:18] + b"cdabefgh"),
    ]:
        yield name, bad_checksum(data), data


def wrong_by_kind():
    for code in (0, 3, 250):
        yield f"kind-{code}", f"UnknownKind({code})", datagram(code, 1, 1, b"hello")


def wrong_twice():
    """Two faults each: the earlier check names the error."""
    yield "short-and-magic", "TooShort(17)", bytes(17)
    yield "magic-and-all-else", "BadMagic(0x0000)", bytes(18 + 1201)
    yield "magic-and-version", "BadMagic(0x1234)", datagram(1, 1, 1, b"", magic=0x1234, version=9)
    yield "version-and-length", "BadVersion(9)", datagram(1, 1, 1, b"abc", version=9, length=2)
    yield "version-and-kind", "BadVersion(9)", datagram(9, 1, 1, b"abc", version=9)
    yield "length-and-too-large", "BadLength(1200,1201)", datagram(1, 1, 1, ramp(1201), length=1200)
    yield "length-and-checksum", "BadLength(2,3)", datagram(1, 1, 1, b"abc", length=2, flip=1)
    yield "too-large-and-checksum", "PayloadTooLarge(1201)", datagram(1, 1, 1, ramp(1201), flip=1)
    yield "too-large-and-kind", "PayloadTooLarge(1300)", datagram(0, 1, 1, ramp(1300))
    both = datagram(77, 1, 1, b"abc", flip=0x80000000)
    yield "checksum-and-kind", bad_checksum(both), both


def main():
    print("# Golden vectors of lab 1, made by an independent program; do not edit.")
    print("# A message:  name kind session seq payload datagram   (- is no byte, ramp(N) is 00 01 .. ff 00 .. of N bytes)")
    for name, kind, session, seq, payload, rule in with_answers(good_vectors()):
        data = datagram(KINDS[kind], session, seq, payload)
        print(name, kind, f"{session:#010x}", f"{seq:#010x}", rule or payload.hex() or "-", data.hex())
    print("# No message:  name error datagram")
    for vectors in (wrong_from_the_start, wrong_by_checksum, wrong_by_kind, wrong_twice):
        for name, error, data in vectors():
            print(name, error, data.hex() or "-")


main()
