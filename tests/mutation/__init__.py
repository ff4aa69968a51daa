"""Small faults put into the numerics, one at a time: do the unit tests find each?"""
