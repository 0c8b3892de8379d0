"""The plain loop: what one writes in an hour with pymodbus and aiomqtt. It keeps no silence and no store.

python plain_loop.py BROKER_PORT TIMEOUT_S rtu PATH BAUD UNITS | ... tcp PORT...
"""

import asyncio
import sys

import aiomqtt
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException

INPUTS = 16


async def ask(client: ModbusBaseClient, unit: int, known: list[bool], broker: aiomqtt.Client) -> None:
    """Read a unit's inputs once and publish what changed; a unit that does not answer is passed over."""
    try:
        reply = await client.read_discrete_inputs(0, count=INPUTS, device_id=unit)
    except ModbusException:
        await asyncio.sleep(0)
        return
    if reply.isError():
        return
    for number, value in enumerate(reply.bits[:INPUTS]):
        if value != known[number]:
            known[number] = value
            await broker.publish(f"bench/{unit}/{number}", b"1" if value else b"0", qos=1)


async def poll(client: ModbusBaseClient, units: range, broker: aiomqtt.Client) -> None:
    """Ask one unit after the other, for ever."""
    await client.connect()
    known = {unit: [False] * INPUTS for unit in units}
    while True:
        for unit in units:
            if not client.connected:
                await asyncio.sleep(0.01)
            await ask(client, unit, known[unit], broker)


async def main(broker_port: int, timeout_s: float, medium: str, rest: list[str]) -> None:
    """Connect to the broker and poll."""
    async with aiomqtt.Client("127.0.0.1", broker_port) as broker, asyncio.TaskGroup() as group:
        await broker.publish("bench/ready", b"1", qos=1)
        if medium == "rtu":
            path, baud, units = rest
            line = AsyncModbusSerialClient(path, baudrate=int(baud), timeout=timeout_s, retries=0)
            group.create_task(poll(line, range(1, int(units) + 1), broker))
        else:
            for unit, port in enumerate(rest, 1):
                link = AsyncModbusTcpClient("127.0.0.1", port=int(port), timeout=timeout_s, retries=0)
                group.create_task(poll(link, range(unit, unit + 1), broker))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]))
