"""``vdg market clear``: a book of orders from a CSV file, cleared by the code that consensus runs."""
