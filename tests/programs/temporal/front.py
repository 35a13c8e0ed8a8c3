"""A TLS front before a plain Temporal server: it wants a client's certificate, and a key with every call.

    front.py UPSTREAM_PORT DIRECTORY KEY

DIRECTORY has `server.pem`, `server.key` and the authority's `ca.pem`. It prints its port, and ends with its standard input.
"""

import asyncio
import ssl
import sys

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, CONTINUATION = 1, 9
PADDED, PRIORITY, END_HEADERS = 0x8, 0x20, 0x4


class Requests:
    """Reads the headers of a client's requests (RFC 9113) as they pass."""

    def __init__(self):
        self.decoder, self.waiting, self.block, self.begun = hpack.Decoder(), b"", b"", False

    def feed(self, data):
        self.waiting += data
        if not self.begun and len(self.waiting) >= len(PREFACE):
            self.waiting, self.begun = self.waiting[len(PREFACE):], True
        while self.begun and len(self.waiting) >= 9:
            length = int.from_bytes(self.waiting[:3], "big")
            if len(self.waiting) < 9 + length:
                return
            kind, flags, frame = self.waiting[3], self.waiting[4], self.waiting[9 : 9 + length]
            self.waiting = self.waiting[9 + length:]
            if kind == HEADERS:
                begin, end = 0, len(frame)
                if flags & PADDED:
                    begin, end = 1, end - frame[0]
                self.block = frame[begin + (5 if flags & PRIORITY else 0):end]
            elif kind == CONTINUATION:
                self.block += frame
            else:
                continue
            if flags & END_HEADERS:
                yield dict(self.decoder.decode(self.block))


async def pass_on(reader, writer, look=lambda data: True):
    try:
        while (data := await reader.read(65536)) and look(data):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main(upstream, directory, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{directory}/ca.pem")
    context.load_cert_chain(f"{directory}/server.pem", f"{directory}/server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])

    async def serve(reader, writer):
        requests = Requests()

        def has_the_key(data):
            return all(headers.get("authorization") == f"Bearer {key}" for headers in requests.feed(data))

        try:
            answers, asks = await asyncio.open_connection("127.0.0.1", upstream)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, asks, has_the_key), pass_on(answers, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
