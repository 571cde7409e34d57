"""Parameter files in the layout of Sen2Cor, made by `ipf_auxdata.gipp.generate`; see README.md."""
