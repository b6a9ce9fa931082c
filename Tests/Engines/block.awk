# Prints the first fenced block of a page that has a line which contains `mark`.
/^```/ && !inside { inside = 1; text = ""; found = 0; next }
/^```/ { inside = 0; if (found) { printf "%s", text; exit } next }
inside { text = text $0 "\n"; if (index($0, mark)) found = 1 }
