"""placeholder while the service part is written"""
