"""What the commands in ``setup/`` are made of; one idea per file.

``say``           progress lines, and the one error that ends a command
``paths``         where things lie: the clone, its ``.run/``, the cache folder
``prepared``      folders made once, under a lock, whole or not at all
``children``      processes we start, and how they are stopped
``debian``        packages unpacked from a private apt state
``odoo_tree``     Odoo 19 itself
``python_env``    the virtual environment
``postgres``      the database server
``wkhtmltopdf``   PDF
``chromium``      the browser of the tests
``environment``   all of these together: what a child process needs to run Odoo
``databases``     create, copy, drop; the template databases
``smtp_sink``     a mail server that keeps each mail as a readable file
``demo``          ``setup/run``
``tests``         ``setup/test``
``bench``         ``setup/bench``

Only ``smtp_sink`` and ``pytest_strict`` run inside the virtual environment; all
the rest is the standard library, since it has to run before anything is there.
"""
