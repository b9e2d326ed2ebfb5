"""The main job: its parts, and a short day on real validators."""
