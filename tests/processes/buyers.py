"""Buyers who remember what they were told, and ask again about what they were not."""

from collections.abc import Callable
from typing import Any

from tests.processes.pair import buying
from tests.processes.writers import Writer


class Buyer(Writer):
    """Takes, confirms and pays, one order after another; every third one is cancelled."""

    def __init__(self, name: str, take: list[dict[str, int]], port: Callable[[], int]) -> None:
        super().__init__(name, 0, port)
        self._take = take
        self.bought: list[list[Any]] = []
        """What was answered of each order, step by step."""

    def _work(self) -> None:
        order = self._answered("POST", "/v1/orders", buying(*self._take))
        told = [order]
        self.bought.append(told)
        steps: list[tuple[str, Any]] = [
            ("confirm", None),
            ("payments", {"amount": order["totalamount"]}),
        ]
        if len(self.bought) % 3 == 0:
            steps = [("cancel", None)]
        for step, body in steps:
            told.append(self._answered("POST", f"/v1/orders/{order['id']}/{step}", body))
