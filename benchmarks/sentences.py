"""Sentences that people might tell an assistant about themselves, and questions about them, made from parts.

Sentences of one pattern lie close together once they are embedded, as the memories of one user do; that is
what makes the nearest of them hard to tell apart.
"""

from __future__ import annotations

import random

_PARTS = {
    "who": """Ana|Ben|Carla|Deniz|Elif|Farid|Greta|Hiro|Ines|Jamal|Kaya|Lena|Marco|Nadia|Omar|Priya|
    Quentin|Rosa|Samir|Tara|my sister|my brother|my boss|our neighbour|my old teacher|
    my daughter|my flatmate|a colleague|my grandmother|the new intern""",
    "food": """lentil soup|sushi|a mushroom risotto|pancakes|goulash|tacos|green curry|sourdough bread|
    ramen|apple pie|a Greek salad|pumpkin ravioli|dal|paella|borscht|cheesecake|kimchi|
    a veggie burger""",
    "hobby": """bouldering|oil painting|chess|pottery|birdwatching|long-distance running|playing the cello|
    knitting|salsa dancing|sailing|beekeeping|photography|gardening|judo|writing short stories|
    restoring old bicycles|table tennis|astronomy|yoga|board games""",
    "place": """Lisbon|Kyoto|Oslo|Marrakesh|Vancouver|Krakow|the Alps|a village in Crete|Buenos Aires|
    Istanbul|the Scottish Highlands|Hanoi|Cape Town|the Baltic coast|Mexico City|Tbilisi|
    Iceland|Naples|Melbourne|Chicago""",
    "work": """the budget for next year|the migration to the new database|a talk about testing|
    the annual report|the website of the museum|a grant proposal|the safety audit|
    the onboarding guide|a prototype of the sensor|the schedule of the night shift|
    the contract with the supplier|a study on sleep|the mobile app|the translation of a novel|
    the merger|the thesis on coral reefs""",
    "thing": """a red bicycle|an electric car|a second-hand piano|a puppy|hiking boots|a standing desk|
    a film camera|noise-cancelling headphones|a tent|a cast-iron pan|two goldfish|
    a sewing machine|a telescope|a sofa bed|a fountain pen|a record player|a drone|a kayak|
    a wool coat|a smart watch""",
    "feel": """happy|nervous|relieved|exhausted|proud|disappointed|excited|homesick|grateful|worried|bored|
    surprised""",
    "health": """a sprained ankle|an allergy to peanuts|migraines|high blood pressure|a cold|
    trouble sleeping|back pain|asthma|a broken wrist|an ear infection|an intolerance to lactose|
    a root canal""",
    "when": """yesterday|last weekend|in March|two years ago|this morning|next Tuesday|on my birthday|
    in the summer|before the holidays|every Thursday|last night|in 2019|a week ago|
    tomorrow afternoon|on New Year's Eve|during the conference""",
    "art": """a novel by Le Guin|the new Miyazaki film|a jazz concert|an exhibition of Turner|
    a podcast about volcanoes|a documentary on octopuses|a musical|a crime series|
    a book on stoicism|an opera|a stand-up show|an album by Radiohead""",
}

_TOLD = """{who} cooked {food} for us {when}, and I felt {feel}.
I started {hobby} {when} because {who} talked me into it.
We are going to {place} {when}; {who} has never been there.
{who} and I finished {work} {when}.
I bought {thing} {when}, though {who} thought it was too expensive.
{who} has {health} and cannot come to {place}.
I am allergic to nothing, but {food} gives me {health}.
{who} took me to {art} {when}; I was {feel} afterwards.
My favourite food is {food}, and {who} makes it best.
I used to live in {place} before I took up {hobby}.
{who} is {feel} about {work}.
I want to learn {hobby} {when}, maybe in {place}.
{who} gave me {thing} {when} and I use it for {hobby}.
I had {health} {when}, so I missed {art}.
The doctor said that {health} gets better with {hobby}.
I promised {who} to finish {work} {when}.
{who} moved to {place} {when} and left me {thing}.
In {place} we ate {food} and saw {art}.
I prefer {hobby} to {art}, but {who} disagrees.
{who} sold {thing} {when} to pay for a trip to {place}.
I get {feel} whenever {who} talks about {work}.
We met {who} in {place} {when} while looking for {thing}.
{who} wants to open a restaurant in {place} that serves {food}.
After {work} was done, {who} and I celebrated with {food}.""".splitlines()

_ASKED = """What did {who} cook?
Who likes {hobby}?
When did we go to {place}?
What does {who} think about {work}?
Where did I buy {thing}?
Who has {health}?
Which food do I like best, {food} or something else?
What did we see in {place}?
How did I feel about {art}?
Who gave me {thing}, and when?
What happened with {work} {when}?
Why did {who} move to {place}?
Does {who} still do {hobby}?
What am I allergic to?
What did I promise {who}?
Tell me what you know about {who} and {art}.""".splitlines()


def told(count: int, seed: int) -> list[str]:
    """Return so many different sentences."""
    return _made(_TOLD, count, seed)


def asked(count: int, seed: int) -> list[str]:
    """Return so many different questions."""
    return _made(_ASKED, count, seed)


def _made(patterns: list[str], count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    parts = {name: [one.strip() for one in text.split("|")] for name, text in _PARTS.items()}
    found: dict[str, None] = {}
    while len(found) < count:
        chosen = {name: draw.choice(choices) for name, choices in parts.items()}
        sentence = draw.choice(patterns).format_map(chosen)
        found[sentence[0].upper() + sentence[1:]] = None
    return list(found)
