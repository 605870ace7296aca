-- From here on index look-ups, for what follows reads few rows of large tables.
select set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true)
