"""Games, and their Gymnasium and PettingZoo views. Importing this package registers the Gymnasium ids."""

from selftaught.envs.registry import register_ids

register_ids()
