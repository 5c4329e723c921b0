"""What to cite: BibTeX of the methods and papers behind a result."""

from ._citation import citation as citation
