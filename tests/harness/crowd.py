# SPDX-License-Identifier: Apache-2.0
"""A district's professionals, as many as are wanted: names in several scripts, made from their number alone."""

HAN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"
SCRIPTS = [
    lambda n: f"Attendee {n:05d}",
    lambda n: f"来宾{HAN[n % len(HAN)]}{HAN[n // 7 % len(HAN)]}{n:05d}",
    lambda n: f"Участник {n:05d}",
    lambda n: f"참가자 {n:05d}",
    lambda n: f"Besökare Åsa {n:05d}",
]
TICKETS = ("standard", "vip")


def name(n):
    return SCRIPTS[0 if n % 10 < 4 else 1 if n % 10 < 8 else n // 10 % 5](n)


def person(n):
    """registration.create's parameters, without the event."""
    return {"external_id": f"D{n:06d}", "ticket": TICKETS[0] if n % 4 else TICKETS[1], "name": name(n),
            "name_latin": f"Attendee {n:05d}", "email": f"attendee-{n:05d}@example.org", "phone": f"+86 21 {n:08d}",
            "organisation": f"研究所 Institute {n % 700}", "title": "工程师", "country": "CN", "language": "zh",
            "fields": {"city": "上海"} if n % 3 else {"city": "上海", "diet": "vegetarian"}}
