"""The page for everyone: light and dark, on a phone, with enough contrast, and for who does not see it."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise

import pytest

from selftaught.benchmarks.browser import Tab
from tests.integration.report_browser import PHONE, WIDE, choose, texts


def test_light_and_dark_follow_the_system_and_the_button(opened: Tab, address: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = opened.run(ground)
    opened.look(replace(WIDE, dark=True))
    dark = opened.run(ground)
    assert light == "rgb(255, 255, 255)" and dark != light
    for theme, expected in (("light", light), ("dark", dark), ("auto", dark), ("light", light)):
        opened.run("document.getElementById('theme').click()")
        assert texts(opened, "#theme") == [f"Theme: {theme}"] and opened.run(ground) == expected
    opened.open("about:blank#")
    opened.open(address)
    assert texts(opened, "#theme") == ["Theme: light"] and opened.run(ground) == light


CONTRASTS = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const colour = (said) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = said; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest('script, style, .skip')) continue;
    const style = getComputedStyle(element);
    const said = element.closest('svg') ? style.fill : style.color;
    const [one, two] = [light(colour(said)), light(ground(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (two + 0.05);
    if (contrast < 4.5) found.push(`${element.outerHTML.slice(0, 80)}: ${contrast}`);
  }
  return found;
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_a_contrast_of_four_and_a_half(opened: Tab, dark: bool) -> None:
    opened.look(replace(WIDE, dark=dark))
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for run in ("leaker", "plans", "judged", "hostile"):
        choose(opened, "run", run)
        opened.run("document.querySelectorAll('.who .open').forEach((one) => one.click())")
        assert opened.run(CONTRASTS) == []
    opened.run("document.documentElement.style.setProperty('--soft', 'light-dark(#888, #777)')")
    assert opened.run(CONTRASTS) != []


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_series_can_be_seen_and_read(theme: int) -> None:
    """By the style alone: no browser is needed. Names of seats are text in the colour of a series."""
    style, drawn = (files("selftaught.benchmarks.report").joinpath(name).read_text() for name in STYLES)
    colours = {name: pair[theme] for name, *pair in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", style)}
    opacities = [
        float(said) for name, said in re.findall(r"(\.\w+) \{[^}]*opacity: ([\d.]+)", drawn) if name != ".band"
    ]
    series = [colours[f"s{slot}"] for slot in range(7)]
    assert len(opacities) == 5
    for colour in series:
        assert min(contrast(colour, colours[ground]) for ground in ("paper", "raised")) >= 4.5
        for opacity in opacities:
            assert contrast(blended(colour, colours["paper"], opacity), colours["paper"]) >= 3
    assert contrast(colours["edge"], colours["paper"]) >= 3 and ".series.other .whisker { opacity: 1; }" in drawn


STYLES = ("page.css", "figures.css")


def parts(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def blended(colour: str, ground: str, opacity: float) -> str:
    mixed = [opacity * a + (1 - opacity) * b for a, b in zip(parts(colour), parts(ground), strict=True)]
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def contrast(*colours: str) -> float:
    """By WCAG 2.2, from 1 to 21."""
    linear = (
        [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts(one)] for one in colours
    )
    low, high = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in linear)
    return (high + 0.05) / (low + 0.05)


def test_on_a_phone_nothing_scrolls_sideways_and_one_thing_is_read_at_a_time(opened: Tab, address: str) -> None:
    opened.look(PHONE)
    opened.open("about:blank#")
    opened.open(address)
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert opened.run("document.documentElement.scrollWidth") == 360
    shown = "getComputedStyle(document.getElementById('{}')).display"
    assert opened.run(shown.format("reader")) == "none" and opened.run(shown.format("choices")) == "none"
    opened.run("document.querySelector('.filters > .more').click()")
    assert opened.run(shown.format("choices")) == "flex"
    for run in ("hostile", "plans", "judged"):
        choose(opened, "run", run)
        opened.run("document.querySelector('[role=option]').click()")
        assert opened.run(shown.format("reader")) == "block" and opened.run(shown.format("list")) == "none"
        opened.run("document.querySelectorAll('.who .open').forEach((one) => one.click())")
        assert opened.run("document.documentElement.scrollWidth") == 360
        opened.run("document.querySelector('.toolbar .back').click()")
        assert opened.run(shown.format("list")) == "block"


def test_on_a_phone_what_is_cleared_is_gone_from_the_address(opened: Tab, address: str) -> None:
    opened.look(PHONE)
    opened.open("about:blank#")
    opened.open(address)
    choose(opened, "game", "taboo")
    assert opened.run("location.hash") == "#game=taboo"
    opened.run("document.querySelector('.filters [type=reset]').click()")
    opened.wait("location.hash === ''")


def test_whoever_does_not_see_it_is_told(opened: Tab) -> None:
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    unnamed = "[...document.querySelectorAll('{}')].filter((one) => !({})).map((one) => one.outerHTML)"
    for selector, named in (
        ("input, select", "one.labels.length || one.getAttribute('aria-label')"),
        ("button, summary, a", "one.textContent.trim() || one.getAttribute('aria-label')"),
        ("svg[role=img]", "one.getAttribute('aria-label')"),
        ("svg:not([role=img])", "one.closest('[role=img], span, p, figure')"),
        ("table", "one.caption && one.caption.textContent.trim()"),
        ("th", "one.scope"),
        ("section", "one.querySelector('h2, h3, h4, legend')"),
        (".frame", "one.tabIndex === 0 && one.getAttribute('role') === 'region' && one.getAttribute('aria-label')"),
    ):
        assert opened.run(f"document.querySelectorAll('{selector}').length") > 0
        assert opened.run(unnamed.format(selector, named)) == []
    assert opened.run("document.documentElement.lang") == "en"
    ids = opened.run("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    levels = opened.run("[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => Number(one.tagName[1]))")
    assert levels.count(1) == 1 and all(now - before <= 1 for before, now in pairwise(levels))
