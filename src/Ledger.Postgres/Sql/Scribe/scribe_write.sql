-- Everything that a batch writes, in one statement: the parts of the head write, and so does the body where it is an inline read model's.
with {head}
{body}
