#include "view.h"

void put_bytes(struct text *text, const char *bytes, size_t length)
{
	size_t room = (size_t)(text->end - text->at);

	if (length > room)
		length = room;
	for (size_t i = 0; i < length; i++)
		text->at[i] = bytes[i];
	text->at += length;
}

size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

void put(struct text *text, const char *words)
{
	put_bytes(text, words, length_of(words));
}

void put_padded(struct text *text, uint64_t number, unsigned int columns)
{
	char digits[20];
	unsigned int count = 0;

	do {
		digits[sizeof(digits) - ++count] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (unsigned int i = count; i < columns; i++)
		put_bytes(text, " ", 1);
	put_bytes(text, digits + sizeof(digits) - count, count);
}

void put_number(struct text *text, uint64_t number)
{
	put_padded(text, number, 0);
}

void put_hundredths(struct text *text, uint64_t hundredths)
{
	char rest[3] = {'.', (char)('0' + hundredths / 10 % 10), (char)('0' + hundredths % 10)};

	put_number(text, hundredths / 100);
	put_bytes(text, rest, sizeof(rest));
}

int same(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

size_t begins(const char *text, const char *word)
{
	size_t length = 0;

	for (; word[length] != '\0'; length++)
		if (text[length] != word[length])
			return 0;
	return length;
}

uint64_t take_number(const char **at)
{
	uint64_t number = 0;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (number > (UINT64_MAX - digit) / 10)
			number = UINT64_MAX;
		else
			number = number * 10 + digit;
	}
	return number;
}

const char *next_line(const char *at)
{
	while (*at != '\0' && *at != '\n')
		at++;
	return *at == '\n' ? at + 1 : at;
}
