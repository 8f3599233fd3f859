"""The commands of ``selftaught``, a module each: its settings and ``run``, which alone imports what is heavy."""
