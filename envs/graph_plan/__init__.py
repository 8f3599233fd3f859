"""Asynchronous planning (PLaG, arXiv 2402.02805): the game, its instances, encodings and scripted players."""

from selftaught.envs.graph_plan.encodings import ENCODINGS, parse, render
from selftaught.envs.graph_plan.game import GraphPlan
from selftaught.envs.graph_plan.instances import Instance, Knobs, draw
from selftaught.envs.graph_plan.plans import Plan

__all__ = ["ENCODINGS", "GraphPlan", "Instance", "Knobs", "Plan", "draw", "parse", "render"]
