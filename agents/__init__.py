"""Agents: whatever answers asks."""
