"""The demo clinic: synthetic people and six weeks of work around one day, the same for a seed and a date."""
