"""A user's own texts: what is read, what is refused by name, and passages that lose nothing but code and tables."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.self_study.documents import SHORTEST, Document, passages, read

SENTENCE = "The old mill by the river grinds corn for nine villages."


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.MD").write_text(f"# Mills\n\n{SENTENCE}\n")
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + SENTENCE.encode())
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "empty.txt").write_text(" \n")
    assert read(str(tmp_path)) == [Document("a.txt", SENTENCE), Document("b/two.MD", f"# Mills\n\n{SENTENCE}\n")]
    assert read(str(tmp_path / "a.txt")) == [Document("a.txt", SENTENCE)]


def test_what_cannot_be_read_is_named_and_left_out_on_demand(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(SENTENCE)
    (tmp_path / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (tmp_path / "zero.md").write_bytes(b"a\0b")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(ValueError, match=r"broken\.pdf.*no PDF.*latin\.txt: byte 2 is no UTF-8.*zero\.md.*--skip"):
        read(str(tmp_path))
    assert read(str(tmp_path), skip=True) == [Document("good.txt", SENTENCE)]
    with pytest.raises(ValueError, match="there is no text in"):
        read(str(tmp_path / "latin.txt"), skip=True)
    with pytest.raises(FileNotFoundError, match="name a text file"):
        read(str(tmp_path / "nowhere"))


def test_a_pdf_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.pdf"
    path.write_bytes(pdf("Hello mill"))
    (found,) = read(str(path))
    assert "Hello mill" in found.text
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(ImportError, match=r"selftaught\[documents\]"):
        read(str(path))


def pdf(text: str) -> bytes:
    """The least PDF that shows a text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places).encode()
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    tail = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()
    return out + head + table + tail


def test_hub_datasets_bring_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rows(list[Any]):
        column_names = ("text",)

    class Hub:
        @staticmethod
        def load_dataset(name: str, split: str) -> Any:
            assert (name, split) == ("some/thing", "train")
            return Rows([{"text": SENTENCE}])

    monkeypatch.setitem(sys.modules, "datasets", Hub)
    assert read("hub:some/thing") == [Document("some/thing/0", SENTENCE)]
    Rows.column_names = ("words",)
    with pytest.raises(ValueError, match="no column 'text', only words"):
        read("hub:some/thing")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImportError, match=r"selftaught\[train\]"):
        read("hub:some/thing")


@given(st.lists(st.text(alphabet="ab .\n", max_size=300), max_size=5), st.integers(100, 400))
def test_passages_lose_no_word(texts: list[str], longest: int) -> None:
    documents = [Document(f"{place}.txt", text) for place, text in enumerate(texts)]
    found = passages(documents, longest=longest)
    assert all(len(task.public["text"]) <= longest for task in found)
    for document in documents:
        mine = [task.public["text"] for task in found if task.public["name"] == document.name]
        said = "".join("".join(mine).split())
        whole = "".join(document.text.split())
        if len(document.text.split()) >= 40 * SHORTEST:
            assert len(said) > 0.5 * len(whole)
        assert len(said) <= len(whole)
        if len(document.text) <= longest and len(document.text.split()) >= SHORTEST:
            assert said == whole


def test_markdown_is_read_as_prose() -> None:
    text = (
        f"# The [mill](mill.md)\n\n{SENTENCE} It has `three` **wheels**.\n\n```sh\nrm -rf /\n```\n"
        "<!-- hidden -->\n| a | b |\n|---|---|\n\n## Wheels\n\nThey turn by day and by night, in all weathers "
        "there are.\n"
    )
    (task,) = passages([Document("mill.md", text)])
    assert task.id == "mill.md#0"
    assert task.public["text"] == (
        f"The mill. {SENTENCE} It has three wheels. Wheels. They turn by day and by night, in all weathers there are."
    )


def test_hostile_markdown_is_read_in_no_time() -> None:
    for text in ("[" * 200_000, "<!--" * 50_000, "![](" * 50_000, "#" * 200_000, "`" * 200_000):
        began = perf_counter()
        passages([Document("bad.md", text)])
        assert perf_counter() - began < 5
    (task,) = passages([Document("open.md", f"<!-- never closed {SENTENCE}")])
    assert SENTENCE in task.public["text"]


def test_scripts_without_blanks_are_read() -> None:
    (task,) = passages([Document("a.txt", "\u5ddd\u306e\u305d\u3070\u306e\u53e4\u3044\u6c34\u8eca" * 8)])
    assert len(task.public["text"]) == 72


def test_ten_megabytes_on_one_line_are_cut() -> None:
    found = passages([Document("long.txt", "word " * 2_000_000)])
    assert max(len(task.public["text"]) for task in found) <= 600 and len(found) > 16_000
    (first, *_) = passages([Document("solid.txt", "x" * 5000 + " and eight more words to make it a passage")])
    assert len(first.public["text"]) <= 600
    with pytest.raises(ValueError, match="100 characters"):
        passages([], longest=50)
