"""The class of every kind of aggregate."""

from domain.base import Aggregate
from domain.catalog import CATALOG
from domain.custom_keys import CustomKeys
from domain.event import Event
from domain.hosting import Hosting
from domain.ids import Kind
from domain.inventory import Inventory
from domain.location import Location
from domain.order import Order
from domain.registry import Registry
from domain.usage import Usage
from domain.webhook import Webhook

AGGREGATES: dict[Kind, type[Aggregate]] = {
    **{
        cls.KIND: cls
        for cls in (
            CustomKeys,
            Event,
            Hosting,
            Inventory,
            Location,
            Order,
            Registry,
            Usage,
            Webhook,
        )
    },
    **CATALOG,
}
