"""Maps of every quantity over one or two parameters: batched, sharded, resumable, labelled."""

from ._dataset import FILE as FILE, remarks as remarks, write_dataset as write_dataset
from ._scan import parameter_scan as parameter_scan
