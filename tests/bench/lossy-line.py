"""A bad line between two network namespaces, packet by packet: slow, late, with losses and cuts.

lossy-line.py NEAR FAR BYTES_PER_SECOND DELAY LOSS CUT_EVERY CUT_FOR   (seconds; LOSS of 1; CUT_EVERY 0: no cuts)

Makes two tun devices and prints a line, then carries packets between them until it is ended. A cut is a router's that
starts anew: nothing passes for a while, and what was connected before is never answered again. At SIGTERM it prints
the seconds that the line was cut.
"""

import collections
import fcntl
import os
import random
import select
import signal
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
TCP = 6
# What a router holds back before it drops: half a second of the line.
HELD_SECONDS = 0.5

near, far = sys.argv[1:3]
rate, delay, loss, cut_every, cut_for = map(float, sys.argv[3:])


def tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Way:
    """One direction: packets leave one after the other at the line's rate, and arrive after its delay."""

    def __init__(self, to):
        self.to, self.free, self.packets = to, 0.0, collections.deque()

    def take(self, packet, now):
        start = max(now, self.free)
        if start - now > HELD_SECONDS or chance.random() < loss:
            return
        self.free = start + len(packet) / rate
        self.packets.append((self.free + delay, packet))

    def deliver(self, now):
        while self.packets and self.packets[0][0] <= now:
            os.write(self.to, self.packets.popleft()[1])


def connection(packet):
    """Addresses and ports, the same both ways; None for what is no TCP."""
    if packet[0] >> 4 != 4 or packet[9] != TCP:
        return None
    head = (packet[0] & 15) * 4
    ends = (packet[12:16] + packet[head : head + 2], packet[16:20] + packet[head + 2 : head + 4])
    return frozenset(ends)


def stop(*_):
    print(cut_for * cuts, flush=True)
    os._exit(0)


chance = random.Random(20261124)
ends = [tun(near), tun(far)]
ways = {ends[0]: Way(ends[1]), ends[1]: Way(ends[0])}
alive, dead, cuts, next_cut, up_again = set(), set(), 0, None, 0.0
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)

while True:
    arrivals = [way.packets[0][0] for way in ways.values() if way.packets]
    wait = max(0.0, min(arrivals) - time.monotonic()) if arrivals else 0.1
    readable, _, _ = select.select(ends, [], [], wait)
    now = time.monotonic()
    for end in readable:
        packet = os.read(end, 65536)
        its = connection(packet)
        if its is None:
            continue
        # The first cut comes when the line has been used for as long.
        if next_cut is None and cut_every > 0:
            next_cut = now + cut_every
        alive.add(its)
        if now >= up_again and its not in dead:
            ways[end].take(packet, now)
    if next_cut is not None and now >= next_cut:
        dead |= alive
        alive.clear()
        cuts, up_again, next_cut = cuts + 1, now + cut_for, now + cut_for + cut_every
        for way in ways.values():
            way.packets.clear()
            way.free = 0.0
    for way in ways.values():
        way.deliver(now)
