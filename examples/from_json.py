"""The configuration from a JSON file. With a language model, ``llm`` becomes for example

    "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini"}}

and the key stays in the environment as OPENAI_API_KEY.
"""

from __future__ import annotations

import json
from pathlib import Path

from powermem import Memory

CONFIG = Path(__file__).with_name("config.json")


def main() -> None:
    with Memory(json.loads(CONFIG.read_text("utf-8"))) as memory:
        memory.add("I prefer window seats and I never fly at night.", user_id="alice")
        for hit in memory.search("Which seat should I book?", user_id="alice")["results"]:
            print(f"{hit['score']:.2f} {hit['memory']}")


if __name__ == "__main__":
    main()
