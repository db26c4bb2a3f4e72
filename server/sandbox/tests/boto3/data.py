"""What the seed's handler imports: the body it was written for."""

body2 = {"instances": [[5, 0, 0, 268.4, 121, 74.9, 201.3, 4, 13.2]]}
