"""Examples of request bodies, by operation. They work in a new account when they are tried in the
order of the tour: numbers are those of the first things that the examples themselves make."""

from typing import Any

FIRST_TICKET = 100_000_001
"""The first ticket of the first contingent."""

START, END = "2027-11-20T20:00:00+01:00", "2027-11-20T23:00:00+01:00"
SUNDAY = {
    "start": "2027-11-21T20:00:00+01:00",
    "end": "2027-11-21T23:00:00+01:00",
    "name": "Sunday",
}
TWO_PRICES = [{"pricetypeid": 1, "price": 30.0}, {"pricetypeid": 2, "price": 20.0}]

Examples = dict[str, Any]
"""A body by what it shows."""


def tickets(*numbers: int) -> list[int]:
    """Tickets of the first contingent by their place in it."""
    return [FIRST_TICKET + number - 1 for number in numbers]


LOCATIONS: dict[str, Examples] = {
    "create_location": {
        "A name": {"name": "Concert hall"},
        "With an address": {
            "name": "Club",
            "capacity": 840,
            "street1": "Kerkstraat",
            "street2": "1",
            "zip": "9000",
            "city": "Gent",
            "countrycode": "BE",
            "lat": 51.05,
            "long": 3.72,
            "timezone": "Europe/Brussels",
            "public": True,
            "translations": {"namefr": "Le club"},
        },
    },
    "change_location": {
        "One field": {"capacity": 840},
        "Set one, clear another": {"city": "Gent", "info": None},
    },
    "revert_location": {
        "Back to the first version": {"version": 1},
        "With a reason": {"version": 1, "reason": "Sent too early"},
    },
}
EVENTS: dict[str, Examples] = {
    "create_event": {
        "Tickets at two prices": {
            "name": "Bonobo Live",
            "locationid": 1,
            "dates": [{"start": START, "end": END}],
            "contingents": [
                {"name": "Stalls", "amount": 100, "prices": TWO_PRICES},
                {"name": "Balcony", "amount": 50, "prices": {"1": 25.0}},
            ],
        },
        "A Draft": {"name": "Bonobo Live", "locationid": 1, "startts": START, "endts": END},
        "Two dates, texts, limits and a time of sale": {
            "name": "Bonobo Live",
            "subtitle": "With live band",
            "description": "A new show.",
            "locationid": 1,
            "dates": [{"start": START, "end": END}, SUNDAY],
            "salestartts": "2026-11-01T10:00:00+01:00",
            "maxnbrofticketsperbasket": 8,
            "totalmaxtickets": 150,
            "tags": ["jazz"],
            "externalcode": "56975647832",
            "translations": {"namefr": "Bonobo en direct"},
            "c_genre": "jazz",
        },
    },
    "change_event": {
        "One field": {"subtitle": "Extra night"},
        "Another time": {"startts": START, "endts": "2027-11-20T23:30:00+01:00"},
        "Clear a field": {"subtitle": None},
    },
    "revert_event": {
        "Back to an earlier version": {"version": 2},
        "With a reason": {"version": 2, "reason": "Sent too early"},
    },
    "add_date": {
        "Start and end": {"start": START, "end": END},
        "With a name and a limit": {
            **SUNDAY,
            "capacity": 80,
        },
    },
    "change_date": {
        "A name": {"name": "Saturday"},
        "Another time, no limit": {"start": START, "end": END, "capacity": None},
    },
}
TICKETS: dict[str, Examples] = {
    "add_contingent": {
        "One price": {"name": "Floor", "amount": 100, "price": 25.0},
        "Two price types": {"name": "Gallery", "amount": 80, "prices": TWO_PRICES},
        "With rules of sale": {
            "name": "Boxes",
            "amount": 24,
            "price": 60.0,
            "increment": 2,
            "max_orderable_amount_per_order": 4,
            "available_until": START,
        },
    },
    "change_contingent": {
        "More tickets": {"amount": 120},
        "Another price of one type": {"prices": {"2": 22.0}},
        "Name and a rule": {"name": "Stalls", "max_orderable_amount_per_order": 10},
    },
    "lock_tickets": {
        "So many of a contingent": {"contingentid": 2, "amount": 5, "locktypeid": 1},
        "These very tickets": {"tickets": tickets(51, 52), "locktypeid": 2},
    },
    "unlock_tickets": {
        "So many of a contingent": {"contingentid": 2, "amount": 2, "locktypeid": 1},
        "These very tickets": {"tickets": tickets(51, 52)},
    },
    "change_tickets": {
        "A barcode from elsewhere": {"tickets": [{"id": tickets(1)[0], "barcode": "IMPORTED-1"}]},
        "What is known of two tickets": {
            "tickets": [
                {"id": tickets(1)[0], "properties": {"row": "A", "seat": 1}},
                {"id": tickets(2)[0], "properties": {"row": "A", "seat": 2}, "c_note": "Aisle"},
            ]
        },
    },
    "scan_tickets": {
        "In, by barcode": {"barcodes": ["IMPORTED-1"], "direction": "in"},
        "Out, by id": {"tickets": tickets(1), "direction": "out", "scandeviceid": 7},
    },
}
ORDERS: dict[str, Examples] = {
    "create_order": {
        "Two tickets": {"saleschannelid": 2, "take": [{"contingentid": 1, "amount": 2}]},
        "Of two price types": {
            "saleschannelid": 2,
            "take": [
                {"contingentid": 1, "pricetypeid": 1, "amount": 2},
                {"contingentid": 1, "pricetypeid": 2, "amount": 1},
            ],
        },
        "These very tickets": {"saleschannelid": 1, "take": [{"tickets": tickets(31, 32)}]},
    },
    "add_tickets": {
        "One more": {"take": [{"contingentid": 1}]},
        "Two at another price": {"take": [{"contingentid": 1, "pricetypeid": 2, "amount": 2}]},
    },
    "remove_tickets": {
        "One": {"tickets": tickets(6)},
        "Several": {"tickets": tickets(7, 8)},
    },
    "release_tickets": {
        "One": {"tickets": tickets(3)},
        "Several": {"tickets": tickets(4, 5)},
    },
    "change_order": {
        "How it is paid": {"paymentscenarioid": 2},
        "A reminder and a custom field": {
            "rappelts": "2027-11-10T20:00:00Z",
            "c_note": "Picks up at the desk",
        },
    },
    "reprice_tickets": {
        "Reduction": {"tickets": tickets(2), "pricetypeid": 2},
        "Back to Normal": {"tickets": tickets(2), "pricetypeid": 1},
    },
    "name_holders": {
        "A name": {"tickets": [{"id": tickets(1)[0], "ticketname": "Ann Peeters"}]},
        "One set, one cleared": {
            "tickets": [
                {"id": tickets(1)[0], "ticketname": None},
                {"id": tickets(2)[0], "ticketname": "Ben Peeters"},
            ]
        },
    },
    "add_payment": {
        "A part": {"amount": 20.0},
        "The rest, by a method": {"amount": 40.0, "paymentmethodid": 1},
    },
    "add_refund": {
        "An amount": {"amount": 5.0},
        "Of one payment": {"amount": 5.0, "paymentid": 1},
    },
    "split_order": {
        "One ticket": {"tickets": tickets(2)},
        "One of those that were chosen": {"tickets": tickets(32)},
    },
}
CATALOG: dict[str, Examples] = {
    "create_price_type": {
        "A name": {"name": "Students"},
        "A reduction": {"name": "Pupils", "typeid": 2302, "remark": "With a card"},
    },
    "change_price_type": {
        "For whom": {"remark": "Everybody"},
        "In another language": {"translations": {"namefr": "Plein tarif"}},
    },
    "create_price_list": {
        "A name": {"name": "Concerts"},
        "With prices": {
            "name": "Matinees",
            "prices": {
                "prices": [
                    {"pricetypeid": 1, "prices": [18.0]},
                    {"pricetypeid": 2, "prices": [12.0], "saleschannels": [1]},
                ]
            },
        },
    },
    "change_price_list": {
        "A name": {"name": "Evening concerts"},
        "Its prices": {"prices": {"prices": [{"pricetypeid": 1, "prices": [35.0]}]}},
    },
    "create_sales_channel": {
        "A name": {"name": "Partner"},
        "A web shop": {"name": "Web shop", "typeid": 3002, "basketseconds": 900},
    },
    "change_sales_channel": {
        "How long a basket is held": {"basketseconds": 900},
        "As everywhere again": {"basketseconds": None, "max_tickets_per_order": 10},
    },
    "create_lock_type": {
        "A name": {"name": "House seats"},
        "Never for sale": {"name": "Technics", "ishardlock": True, "color": "#c00000"},
    },
    "change_lock_type": {
        "A colour": {"color": "#c00000"},
        "Not shown": {"hideseats": True},
    },
    "create_custom_field": {
        "Of an Event": {"typeid": 13003, "key": "genre"},
        "Of an order": {"typeid": 13001, "key": "note", "caption": "Note", "edittypeid": 22003},
    },
    "change_custom_field": {
        "A caption": {"caption": "Genre"},
        "Sorted by hand": {"manualsort": True},
    },
    "create_custom_field_value": {
        "A value": {"typeid": 1, "caption": "Jazz"},
        "Sorted by hand": {"typeid": 1, "caption": "Dub", "sortorder": 2},
    },
    "change_custom_field_value": {
        "A caption": {"caption": "Jazz and blues"},
        "Its place": {"sortorder": 1},
    },
    "create_seat_rank": {
        "A name": {"name": "First rank"},
        "With a colour": {"name": "Second rank", "color": "#00c000", "sortorder": 2},
    },
    "change_seat_rank": {
        "Its place": {"sortorder": 1},
        "Sold first": {"priority": 1},
    },
    "create_seating_plan": {
        "A name": {"name": "Main hall"},
        "With a row": {
            "name": "Small hall",
            "logicalplan": {"rows": [{"name": "A", "seats": [{"id": "a1"}, {"id": "a2"}]}]},
        },
    },
    "change_seating_plan": {
        "How far it is": {"status": "ready"},
        "Several zones": {"useszones": True},
    },
    "create_payment_scenario": {
        "Bank transfer": {"typeid": 2703, "name": "Transfer"},
        "With an account": {
            "typeid": 2703,
            "name": "Transfer within ten days",
            "bankaccountnumber": "BE68539007547034",
            "overdueparameters": {"daysaftercreation": 10},
        },
    },
    "change_payment_scenario": {
        "For programs only": {"visibility": "API"},
        "A remark": {"internalremark": "Checked every Monday"},
    },
    "create_tracker": {
        "A link": {"name": "Spring", "type": "Email", "saleschannelid": 2},
        "With parameters": {
            "name": "Autumn",
            "type": "Facebook",
            "saleschannelid": 2,
            "extra_url_parameters": "utm_medium=post",
        },
    },
    "create_payment_method": {
        "A name": {"name": "Voucher"},
        "With what its type needs": {"name": "Terminal", "config": {"terminal": 3}},
    },
    "change_payment_method": {
        "A name": {"name": "Cash at the desk"},
        "A remark": {"internalremark": "Counted every evening"},
    },
    "create_delivery_scenario": {
        "A name": {"name": "E-ticket"},
        "For programs only": {"name": "Wallet", "visibility": "API"},
    },
    "change_delivery_scenario": {
        "What it is": {"shortdescription": "By e-mail, at once"},
        "A remark": {"internalremark": "Sent by our own mailer"},
    },
    "create_relation_type": {
        "A name": {"name": "Member"},
        "Part of another": {"name": "Young member", "parentid": 1},
    },
    "change_relation_type": {
        "A name": {"name": "Friend of the house"},
        "In another language": {"translations": {"namenl": "Vriend"}},
    },
    "create_contact_title": {
        "A name": {"name": "Dr"},
        "In one language": {"name": "Mevrouw", "languagecode": "nl", "sex": "F"},
    },
    "change_contact_title": {
        "A name": {"name": "Prof."},
        "Not for buyers": {"isinternal": True},
    },
    "create_contact_address_type": {
        "A name": {"name": "Home"},
        "In another language": {"name": "Work", "translations": {"namenl": "Werk"}},
    },
    "change_contact_address_type": {
        "A name": {"name": "At home"},
        "In another language": {"translations": {"namefr": "Domicile"}},
    },
    "create_phone_number_type": {
        "A name": {"name": "Mobile"},
        "In another language": {"name": "Work", "translations": {"namenl": "Werk"}},
    },
    "change_phone_number_type": {
        "A name": {"name": "Mobile phone"},
        "In another language": {"translations": {"namefr": "Portable"}},
    },
    "change_tracker": {
        "A name": {"name": "Spring campaign"},
        "Parameters": {"extra_url_parameters": "utm_source=letter"},
    },
    "create_contact": {
        "An e-mail address": {"email": "ann@example.org"},
        "A person": {
            "firstname": "Ann",
            "lastname": "Peeters",
            "email": "ann.peeters@example.org",
            "phonenumbers": [{"number": "+32 9 123 45 67"}],
            "languagecode": "nl",
        },
    },
    "change_contact": {
        "A name": {"firstname": "Ann", "lastname": "Peeters"},
        "Clear a field": {"company": None, "sendmail": True},
    },
}
EXAMPLES: dict[str, Examples] = {**LOCATIONS, **EVENTS, **TICKETS, **ORDERS, **CATALOG}
