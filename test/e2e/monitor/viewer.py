"""A viewer with the `websockets` package: prints each message of a channel, then how the connection was closed."""

import asyncio
import sys

import websockets


async def main(address, channel):
    async with websockets.connect(address, max_size=None) as socket:
        await socket.send(channel)
        print("subscribed", flush=True)
        try:
            async for message in socket:
                print(message, flush=True)
        except websockets.ConnectionClosedError:
            pass
        print("closed", socket.close_code, flush=True)


asyncio.run(main(*sys.argv[1:]))
