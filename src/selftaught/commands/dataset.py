"""What commands that write training data have in common: chats as TRL takes them, and a folder with a card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selftaught.types import Message


def conversation(messages: Sequence[Message]) -> dict[str, Any]:
    """A chat in TRL's prompt-completion form: its last message is the completion."""
    *prompt, reply = ({"role": message.role, "content": message.content} for message in messages)
    return {"prompt": prompt, "completion": [reply]}


def describe_folder(folder: Path, statistics: Mapping[str, Any], card: str) -> None:
    """Writes ``statistics.json`` and the card beside the data, and says so."""
    shown = json.dumps(statistics, indent=1)
    (folder / "statistics.json").write_text(shown + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")
    print(shown)
    print(f"written: {folder}")
