"""A store on a disk that loses its power: a Volume under SQLite, and what must hold afterwards."""
