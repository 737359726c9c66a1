"""A small load generator: keep-alive connections that each send one request after another."""

import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """`latencies` in milliseconds, sorted; `failed` are answers of 400 and above."""

    seconds: float
    latencies: list[float]
    failed: int

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]

    def __str__(self) -> str:
        return (
            f"{self.rate:7.0f} /s   p50 {statistics.median(self.latencies):6.2f} ms   "
            f"p99 {self.percentile(0.99):6.2f} ms   failed {self.failed}"
        )


def generate(
    port: int, request_of: Callable[[int], bytes], *, connections: int, seconds: float
) -> Load:
    """`request_of(number)` gives the bytes of each request; numbers are never given twice."""
    latencies: list[float] = []
    failed = [0]
    numbers = iter(range(10**9))
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def work() -> None:
        mine, bad = [], 0
        with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < end:
                with lock:
                    number = next(numbers)
                started = time.perf_counter()
                peer.sendall(request_of(number))
                bad += _status(peer) >= 400
                mine.append((time.perf_counter() - started) * 1_000)
        with lock:
            latencies.extend(mine)
            failed[0] += bad

    started = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - started, sorted(latencies), failed[0])


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json"]
    lines += [
        f"{name}: {value}" for name, value in ({"Host": f"localhost:{port}"} | headers).items()
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _status(peer: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        data += peer.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += peer.recv(65_536)
    return int(head.split(b" ", 2)[1])
