#!/usr/bin/env python3
"""A decoder of .dchip files written from Documentation/format.md alone; only the standard library.

    decode.py FILE [FILE ...]     checks each file and prints a line for each constant:
                                  number, form, extents, sum of elements, CRC-32 of the elements as little-endian
                                  (codes: a signed byte each), and for codes the name of their weight code

It checks lengths, gaps and checksums, reads the graph section up to the constants, and decodes their payloads.
`DocumentScriptTests` compares what it prints with what DeepChip reads.
"""

import struct
import sys
import zlib

MASK = (1 << 64) - 1
CODES = {1: "raw", 2: "trits", 3: "bitmap", 4: "gaps", 5: "rans", 6: "runs", 7: "codebook", 8: "mixed"}
# element type: (name, struct letter)
TYPES = {1: ("float32", "f"), 2: ("uint8", "B"), 3: ("int8", "b"), 4: ("int16", "h"), 5: ("int32", "i"),
         6: ("int64", "q"), 7: ("bool", "B")}


class Bad(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Bad(text)


def xxh64(data):
    """Y. Collet, xxHash fast digest algorithm, XXH64 with seed 0."""
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                          0x27D4EB2F165667C5)

    def rotate(value, bits):
        return (value << bits | value >> (64 - bits)) & MASK

    def mix(lane, word):
        return rotate((lane + word * p2) & MASK, 31) * p1 & MASK

    position, size = 0, len(data)
    if size >= 32:
        a, b, c, d = (p1 + p2) & MASK, p2, 0, -p1 & MASK
        words = struct.unpack_from("<%dQ" % (size // 32 * 4), data)
        for i in range(0, len(words), 4):
            a, b, c, d = mix(a, words[i]), mix(b, words[i + 1]), mix(c, words[i + 2]), mix(d, words[i + 3])
        value = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) & MASK
        for lane in (a, b, c, d):
            value = ((value ^ mix(0, lane)) * p1 + p4) & MASK
        position = size // 32 * 32
    else:
        value = p5
    value = (value + size) & MASK
    while position + 8 <= size:
        value = (rotate(value ^ mix(0, struct.unpack_from("<Q", data, position)[0]), 27) * p1 + p4) & MASK
        position += 8
    if position + 4 <= size:
        value = (rotate(value ^ struct.unpack_from("<I", data, position)[0] * p1 & MASK, 23) * p2 + p3) & MASK
        position += 4
    while position < size:
        value = rotate(value ^ data[position] * p5 & MASK, 11) * p1 & MASK
        position += 1
    value = (value ^ value >> 33) * p2 & MASK
    value = (value ^ value >> 29) * p3 & MASK
    return value ^ value >> 32


class Reader:
    """Numbers, front to back."""

    def __init__(self, data, lists=None):
        """`lists` holds the bits of lists of integers, where they lie apart."""
        self.data, self.position, self.bit = data, 0, 0
        self.lists = self if lists is None else Reader(lists)

    def take(self, count):
        need(self.position + count <= len(self.data), "truncated")
        part = self.data[self.position:self.position + count]
        self.position += count
        return part

    def u8(self):
        return self.take(1)[0]

    def f32(self):
        return struct.unpack("<f", self.take(4))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                need(byte or shift == 7, "a varint is too long")
                return value

    def size(self):
        value = self.varint()
        need(value < 1 << 31, "a size is too large")
        return value

    def bits(self, count):
        """The first bit is the lowest of the first byte; a number begins with its lowest."""
        value = 0
        for i in range(count):
            need(self.position < len(self.data), "truncated")
            value |= (self.data[self.position] >> self.bit & 1) << i
            self.bit += 1
            if self.bit == 8:
                self.bit = 0
                self.position += 1
        return value

    def align(self):
        while self.bit:
            need(self.bits(1) == 0, "fill is not 0")

    def integers(self, count):
        if count == 0:
            return []
        head = self.u8()
        width, signed = head & 127, head & 128
        shift = self.u8() if width else 0
        base = 0
        if not signed:
            folded = self.varint()
            base = folded >> 1 if folded & 1 == 0 else -(folded >> 1) - 1
        result = []
        for _ in range(count):
            value = self.lists.bits(width)
            if signed and width and value >> (width - 1):
                value -= 1 << width
            result.append(base + (value << shift))
        self.lists.align()
        return result


# MARK: Weight codes


def table(reader, symbols):
    frequencies = []
    for _ in range(symbols - 1):
        width = reader.bits(4)
        frequencies.append(width if width < 2 else (1 << (width - 1)) + reader.bits(width - 1))
    need(sum(frequencies) <= 4096, "frequencies")
    frequencies.append(4096 - sum(frequencies))
    slots = []
    for symbol, frequency in enumerate(frequencies):
        slots += [(symbol, frequency, place) for place in range(frequency)]
    return slots


def groups(reader, grouped, rows):
    """Row ranges of the groups, and where each ends (None for the last)."""
    each = reader.varint() if grouped else rows
    need(0 < each, "rows in a group")
    need(not grouped or each < rows, "rows in a group")
    sizes = [reader.varint() for _ in range((rows - 1) // each)]
    start, result = reader.position, []
    for index, first in enumerate(range(0, rows, each)):
        end = None
        if index < len(sizes):
            start += sizes[index]
            end = start
        result.append((first, min(first + each, rows), end))
    return result


def states(reader, lanes):
    values = list(struct.unpack("<%dI" % lanes, reader.take(4 * lanes)))
    need(all(value >= 65536 for value in values), "a state")
    return values


def step(reader, values, lane, slots):
    x = values[lane]
    symbol, frequency, place = slots[x & 4095]
    x = frequency * (x >> 12) + place
    if x < 65536:
        x = x << 16 | struct.unpack("<H", reader.take(2))[0]
    values[lane] = x
    return symbol


def end_group(reader, values, end, count):
    need(all(value == 65536 for value in values), "a state at the end")
    if end is None:
        need(len(reader.data) == max(reader.position, (count - 1) // 256 + 1), "length")
        need(not any(reader.data[reader.position:]), "fill")
    else:
        need(reader.position == end, "length of a group")


def rans(reader, count, row, width, ternary, code_of):
    symbols = 3 if ternary else 1 << width
    head = reader.u8()
    order, turns = head & 3, head & 16
    need(head < 32 and not (turns and head & 7) and (order == 0 or symbols <= 4), "head")
    lanes = 32 if turns else 4 if head & 4 else 1
    contexts = [()]
    for _ in range(order):
        contexts = [(s,) + c for s in range(symbols) for c in contexts]
    # A context is listed oldest symbol first, and the oldest counts most: the order of the document.
    tables = {context: table(reader, symbols) for context in contexts}
    reader.align()
    codes = [0] * count
    for first, last, end in groups(reader, head & 8, count // row):
        values = states(reader, lanes)
        if turns:
            for t in range((last - first) * row):
                codes[first * row + t] = code_of(step(reader, values, t % 32, tables[()]))
        else:
            for band in range(first, last, lanes):
                before = [(0,) * order] * lanes
                for column in range(row):
                    for lane in range(min(lanes, last - band)):
                        symbol = step(reader, values, lane, tables[before[lane]])
                        codes[(band + lane) * row + column] = code_of(symbol)
                        before[lane] = (before[lane] + (symbol,))[1:] if order else ()
        end_group(reader, values, end, count)
    return codes


def runs(reader, count, row):
    head, longest = reader.u8(), reader.u8()
    need(head & ~11 == 0 and head & 3 < 3 and 1 <= longest <= 127, "head")
    lanes = (1, 4, 32)[head & 3]
    slots = table(reader, 2 * longest + 1)
    reader.align()
    codes = []
    for first, last, end in groups(reader, head & 8, count // row):
        symbols = reader.varint()
        need(symbols <= (last - first) * row, "symbols")
        values = states(reader, lanes)
        for t in range(symbols):
            need(len(codes) < last * row, "too many symbols")
            symbol = step(reader, values, t % lanes, slots)
            if symbol < 2 * longest:
                codes += [0] * (symbol // 2) + [-1 if symbol & 1 else 1]
            elif t == symbols - 1:
                codes += [0] * min(longest, last * row - len(codes))
            else:
                codes += [0] * longest
        need(len(codes) == last * row, "the codes of a group")
        end_group(reader, values, end, count)
    return codes


def gaps(reader, count):
    if count == 0:
        return []
    lengths = [reader.bits(4) for _ in range(17)]
    words, number = {}, 0
    for length in range(1, 16):
        number <<= 1
        for symbol in range(17):
            if lengths[symbol] == length:
                words[(length, number)] = symbol
                number += 1
    codes = []
    while len(codes) < count:
        length = value = 0
        while (length, value) not in words:
            need(length < 15, "a code word")
            value, length = value << 1 | reader.bits(1), length + 1
        symbol = words[(length, value)]
        codes += [0] * min(symbol, count - len(codes))
        if symbol < 16:
            codes.append(-1 if reader.bits(1) else 1)
    need(len(codes) == count, "codes")
    reader.align()
    return codes


def decode(code, data, count, row, first):
    """Codes of a payload; `first` is the first byte of their encoding."""
    ternary = bool(first & 128)
    width = 2 if ternary else (first & 31) + 1

    def code_of(bits):
        if ternary:
            return (0, 1, -1)[bits]
        if not first & 32:
            return bits
        if width == 1:
            return 2 * bits - 1
        return bits - (1 << width) if bits >> (width - 1) else bits

    reader = Reader(data)
    if code == 1:
        if width == 8:
            codes = [code_of(byte) for byte in reader.take(count)]
        else:
            codes = [(0, 1, None, -1)[bits] if ternary else code_of(bits)
                     for bits in (reader.bits(width) for _ in range(count))]
        reader.align()
    elif code == 2:
        codes = [data[i // 5] // 3 ** (i % 5) % 3 - 1 for i in range(count)]
        reader.position = len(data)
    elif code == 3:
        marks = [reader.bits(1) for _ in range(count)]
        reader.align()
        codes = [(1 - 2 * reader.bits(1)) if mark else 0 for mark in marks]
        reader.align()
    elif code == 4:
        codes = gaps(reader, count)
    elif count == 0:
        codes = []
    elif code == 5:
        return rans(reader, count, row, width, ternary, code_of)
    elif code == 6:
        return runs(reader, count, row)
    elif code == 7:
        return codebook(data, count, row)
    else:
        return mixed(data, count, row)
    need(reader.position == len(data), "length")
    return codes


def codebook(data, count, row):
    size = data[0] + 1
    levels = struct.unpack_from("%db" % size, data, 1)
    need(list(levels) == sorted(set(levels)), "levels")
    width = max((size - 1).bit_length(), 1)
    return rans(Reader(data[1 + size:]), count, row, width, False, lambda number: levels[number])


CURVE = (1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901, 3975,
         4024, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094)


def squash(x):
    x = max(-2047, min(2047, x))
    i, j = (x >> 7) + 16, x % 128
    return (CURVE[i] * (128 - j) + CURVE[i + 1] * j + 64) >> 7


STRETCH = []
for surest in range(-2047, 2048):
    while len(STRETCH) <= squash(surest):
        STRETCH.append(surest)
STRETCH += [2047] * (4096 - len(STRETCH))


class Bits:
    """Bits of known probability."""

    def __init__(self, data):
        self.data, self.a, self.b, self.v, self.taken = data, 0, MASK >> 32, 0, 0
        for _ in range(4):
            self.take()

    def take(self):
        byte = self.data[self.taken] if self.taken < len(self.data) else 0
        self.v = (self.v << 8 | byte) & 0xFFFFFFFF
        self.taken += 1

    def bit(self, q):
        m = self.a + ((self.b - self.a) >> 12) * q
        one = self.v <= m
        if one:
            self.b = m
        else:
            self.a = m + 1
        while self.a >> 24 == self.b >> 24:
            self.a, self.b = self.a << 8 & 0xFFFFFFFF, (self.b << 8 | 255) & 0xFFFFFFFF
            self.take()
        return int(one)

    def end(self):
        """Bytes that the bits take."""
        need([self.bit(2048) for _ in range(8)] == [1, 0, 1, 0, 0, 1, 0, 1], "the ending")
        for count in range(5):
            rest = (1 << 32 - 8 * count) - 1
            number = self.a + rest & ~rest
            if number <= self.b:
                need(self.v == number, "the last bytes")
                return self.taken - 4 + count


def learn(counter, bit, limit=127):
    counter[0] += ((65535 if bit else 0) - counter[0]) * (131072 // (2 * counter[1] + 3)) >> 16
    counter[1] = min(counter[1] + 1, limit)


def mixed(data, count, row):
    reader = Reader(data)
    head, columns, taps = reader.u8(), reader.u8(), reader.u8()
    need(head & ~8 == 0 and 1 <= columns <= taps <= 64 and taps % columns == 0 and row % taps == 0, "head")
    codes = []
    parts = groups(reader, head & 8, count // row)
    start = reader.position
    for first, last, end in parts:
        bits = Bits(data[start:end])
        near = [[[16384, 0] for _ in range(16)] for _ in range(taps)]
        signs = [[[32768, 0] for _ in range(9)] for _ in range(taps)]
        planes = [[16384, 0] for _ in range(row // taps)]
        weights = [[22938] * 3 for _ in range(taps)]
        for _ in range(first, last):
            line, own = [], [16384, 0]
            for index in range(row):
                tap = index % taps
                if taps == 1:
                    left, above, right, corner = [line[-k] if k <= index else 0 for k in (1, 2, 3)] + [0]
                else:
                    x, y = tap % columns, tap // columns
                    left = line[-1] if x else 0
                    above = line[-columns] if y else 0
                    right = line[1 - columns] if y and x < columns - 1 else 0
                    corner = line[-1 - columns] if y and x else 0
                context = bool(left) + 2 * bool(above) + 4 * bool(right) + 8 * bool(corner)
                counters = (near[tap][context], own, planes[index // taps])
                sure = [STRETCH[counter[0] >> 4] for counter in counters]
                q = squash(sum(w * s for w, s in zip(weights[tap], sure)) >> 16)
                bit = bits.bit(q)
                error = 12 * ((4096 if bit else 0) - q)
                weights[tap] = [max(-262144, min(262144, w + (s * error + 8192 >> 14)))
                                for w, s in zip(weights[tap], sure)]
                for counter in counters:
                    learn(counter, bit)
                if bit:
                    counter = signs[tap][3 * (left + 1) + above + 1]
                    bit = bits.bit(max(counter[0], 16) >> 4)
                    learn(counter, bit)
                    line.append(1 if bit else -1)
                else:
                    line.append(0)
            codes += line
        size = bits.end()
        if end is None:
            need(len(data) == max(start + size, (count - 1) // 256 + 1), "length")
            need(not any(data[start + size:]), "fill")
        else:
            need(start + size == end, "length of a group")
        start = end
    return codes


# MARK: The condensed section


def plain_bytes(data, count):
    """`count` bytes of any meaning."""
    if count == 0:
        need(not data, "coded bytes")
        return b""
    need(len(data) * 256 >= count, "coded bytes")
    bits, result, tables, weights = Bits(data), bytearray(), ({}, {}, {}, {}), {}
    size = 10
    while size < 16 and 1 << size < 4 * count:
        size += 1
    place, length, places, agreements = 0, 0, {}, {}

    def hash_of(value, kept):
        return (value * 2654435761 & 0xFFFFFFFF) >> 32 - kept

    for _ in range(count):
        x, y, z = [result[-i] if i <= len(result) else 0 for i in (1, 2, 3)]
        c = 1
        for bit_index in range(7, -1, -1):
            keys = (c, hash_of(256 * x + c, size), hash_of(256 * (x + 256 * y) + c, size),
                    hash_of(256 * (y + 256 * z) + c, size))
            counters = [table.setdefault(key, [32768, 0]) for table, key in zip(tables, keys)]
            level = 0
            if length and (result[place] | 256) >> bit_index + 1 == c:
                level = length
                counters.append(agreements.setdefault((length, result[place] >> bit_index & 1), [32768, 0]))
            sure = [STRETCH[counter[0] >> 4] for counter in counters] + [0] * (5 - len(counters))
            own = weights.setdefault(level, [22938] * 5)
            q = squash(sum(w * s for w, s in zip(own, sure)) >> 16)
            bit = bits.bit(q)
            error = 12 * ((4096 if bit else 0) - q)
            own[:] = [max(-131072, min(131072, w + (s * error + 8192 >> 14))) for w, s in zip(own, sure)]
            for counter in counters:
                learn(counter, bit, 20)
            c = 2 * c + bit
        result.append(c & 255)
        if length and result[place] == result[-1]:
            place, length = place + 1, min(length + 1, 15)
        else:
            length = 0
        x, y, z = [result[-i] if i <= len(result) else 0 for i in (1, 2, 3)]
        key = hash_of(x + 256 * y + 65536 * z, 12)
        if not length and key in places:
            place, length = places[key], 1
        places[key] = len(result)
    end = bits.end()
    need(len(data) == max(end, (count + 255) // 256) and not any(data[end:]), "the end of coded bytes")
    return bytes(result)


def condensed(data):
    """Kind, bytes and lists of each part."""
    reader = Reader(data)
    number = reader.size()
    need(1 <= number <= 5, "number of parts")
    heads = [(reader.u8(), reader.size(), reader.size()) for _ in range(number)]
    kinds = [head[0] for head in heads]
    need(kinds == sorted(set(kinds)) and kinds[0] >= 1 and kinds[-1] <= 5, "parts")
    lists = len(data) - sum(head[2] for head in heads)
    need(reader.position <= lists, "lists")
    everything = plain_bytes(data[reader.position:lists], sum(head[1] for head in heads))
    place, result = 0, {}
    for kind, size, count in heads:
        result[kind] = (everything[place:place + size], data[lists:lists + count])
        place, lists = place + size, lists + count
    return result


# MARK: The file


def sections(data):
    need(data[:8] == bytes.fromhex("8964636869700d0a"), "not a .dchip file")
    version, count, zero, length = struct.unpack_from("<HHIQ", data, 8)
    need(version == 1 and zero == 0 and length == len(data) and count <= 64, "header")
    end = 24 + 32 * count
    need(xxh64(data[:end]) == struct.unpack_from("<Q", data, end)[0], "checksum of the header")
    end += 8
    result = {}
    for i in range(count):
        kind, flags, zero, offset, size, checksum = struct.unpack_from("<HHIQQQ", data, 24 + 32 * i)
        need(flags < 2 and zero == 0 and 0 <= offset - end < 64 and not any(data[end:offset]), "table")
        need(kind <= 8 or not flags, "an unknown section is required")
        end = offset + size
        need(end <= len(data), "table")
        need(xxh64(data[offset:end]) == checksum, "checksum of section %d" % kind)
        result[kind] = (data[offset:end], None)
    need(end == len(data), "bytes after the last section")
    if 8 in result:
        parts = condensed(result[8][0])
        need(not set(parts) & set(result), "a section is there twice")
        result.update(parts)
    return result


def encoding(reader):
    first = reader.u8()
    count = 1
    if first & 64:
        need(reader.size() < 8, "axis")
        count = reader.size()
    if first & 128:
        reader.u8()
        reader.u8()
        [reader.f32() for _ in range(count)]
    else:
        [reader.f32() for _ in range(count)]
        reader.integers(count)
    return first


def constants(data):
    parts = sections(data)
    need(1 in parts, "no graph")
    reader, payloads, place = Reader(*parts[1]), parts.get(7, (b"",))[0], 0
    for _ in range(reader.size()):
        for _ in range(reader.u8() >> 4):
            reader.varint()
    for number in range(reader.size()):
        form = reader.u8()
        extents = [reader.size() for _ in range(form >> 4)]
        count = 1
        for extent in extents:
            count *= extent
        row = count // extents[0] if extents and extents[0] and count else 1
        if form & 15 == 8:
            first = encoding(reader)
            code = reader.u8()
            width = 2 if first & 128 else (first & 31) + 1
            size = (count * width + 7) // 8 if code == 1 else (count + 4) // 5 if code == 2 else reader.size()
            unit = 1
        else:
            name, letter = TYPES[form & 15]
            unit = struct.calcsize("<" + letter)
            size = unit * count
        step_to = 64 if size >= 65536 else unit
        gap = -place % step_to
        need(not any(payloads[place:place + gap]), "a gap is not 0")
        place += gap
        payload = payloads[place:place + size]
        need(len(payload) == size, "a payload leaves the data section")
        place += size
        if form & 15 == 8:
            codes = decode(code, payload, count, row, first)
            need(len(codes) == count, "number of codes")
            raw = struct.pack("%db" % count, *codes)
            yield number, "codes", extents, sum(codes), zlib.crc32(raw), CODES[code]
        else:
            values = struct.unpack("<%d%s" % (count, letter), payload)
            yield number, name, extents, float(sum(values)), zlib.crc32(payload), ""
    need(place == len(payloads), "bytes after the last constant")


def main():
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                data = file.read()
            for number, form, extents, total, crc, code in constants(data):
                print(number, form, "x".join(map(str, extents)), "%.9g" % total, "%08x" % crc, code)
        except (Bad, OSError, IndexError, KeyError, TypeError, struct.error) as error:
            print("%s: %s" % (path, error), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
