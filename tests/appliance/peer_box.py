"""One box for the tests that give each its own network: claims when told, and tells what came."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
import time
from pathlib import Path

from appliance.enrol import load_identity
from appliance.peers.lan import UdpLan
from appliance.peers.peers import Peers
from appliance.peers.seal import seal_of
from voiceassist.engines.ports import WakeHit


async def main(folder: Path, group: str, interface: str) -> None:
    seal = seal_of(load_identity(folder), lambda: dt.datetime.now(dt.UTC))
    peers = Peers("ward", seal, UdpLan(group, 47_100, interface), time.perf_counter)
    peers.start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while word := (await lines.readline()).split():
        told: dict[str, object] = {"others": sorted(peers.others)}
        if word[0] == b"claim":
            verdict = await peers.claim(WakeHit(0, 0.9), time.perf_counter(), int(word[1]))
            told = {"ours": verdict.ours, "by": verdict.by}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    peers.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
