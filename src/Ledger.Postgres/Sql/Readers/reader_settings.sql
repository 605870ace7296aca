-- From here on index look-ups, for what follows reads few rows of large tables, and sums that are hashed: nobody asks for an order, and sorting whole entries
-- writes them to disk.
select set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true), set_config('enable_sort', 'off', true)
