"""Parts of configuration files that the tests put together, and break."""

MACHINE = """
[machine]
frequencies = [1.0, 0.6]
configuration = "joint"
[[machine.baths]]
name = "hot"
temperature = 1.0
spectral_density = { kind = "lorentzian", strength = 1e-5, peak = 1.25, width = 0.01 }
coupling = "driven"
[[machine.baths]]
name = "cold"
temperature = 0.2
spectral_density = { kind = "ohmic", damping = 100.0 }
coupling = "static"
"""
MONOCHROMATIC = """
[drive]
frequency = 0.45
kind = "monochromatic"
amplitudes = [1.0, 1.0]
phases = [0.0, 3.0]
"""
FOURIER = """
[drive]
frequency = 0.45
kind = "fourier"
mean = [0.0, 0.1]
cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]
sine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]
"""
BOUNDED = FOURIER.replace("fourier", "bounded")
PIECEWISE = """
[drive]
frequency = 0.45
kind = "piecewise"
values = [[1.0, -1.0], [0.0, 0.5]]
"""
SOLVER = '[solver]\nkind = "weak"\n'
PARETO = """
[pareto]
points = 30
harmonics = 8
bound = "peak"
frequency = [0.05, 1.0]
configurations = ["joint", "independent"]
seed = 0
starts = 16
"""
DRUDE = 'spectral_density = { kind = "drude", damping = 100.0, cutoff = 12.0 }'
OHMIC = 'spectral_density = { kind = "ohmic", damping = 100.0 }'
TWO_DRIVEN = MACHINE + f'[[machine.baths]]\nname = "w"\ntemperature = 1\n{DRUDE}\ncoupling = "driven"\n'
