"""How long does one training step of a vision network, detector or diffusion model take, and where does the time go?

`network` turns a list of layers (`hardware_profiles/image_models/`) into the kernels of one sample, `kernels` holds
them as flat arrays, `step` gives the seconds of the step of many runs at once, `constants` the fitted values, `jobs`
the runs of a plan at several scales. Pure functions on arrays: no files, no units.

Done: convolutions in two and three dimensions, grouped and depthwise; linears, attention, norms, heads of detectors;
16, 8 and 32 bit, TensorFloat-32; data parallelism, sharded weights and optimisers, samples split over accelerators;
loaders that decode too slowly. Not done: convergence (steps to quality), evaluation, tensor parallelism, memory fit.
"""
