"""Reads about people, each within the actor's scope."""
