//! All labs together. There is nothing to write here: the program `stack` is made of your five labs.
