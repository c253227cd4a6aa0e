/** What is said of a recipe with more wrong in it than anybody reads. */
import { expect, it } from 'vitest';
import { RecipeError } from '../core/errors.js';
import { parseRecipe } from './validate.js';

it('names some problems of many, and how many more there are', () => {
  let error: unknown;
  try {
    parseRecipe({ extends: 'fp32', overrides: new Array(1000).fill({}) });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RecipeError);
  const { message } = error as RecipeError;
  expect(message.split('\n')).toHaveLength(9);
  expect(message).toMatch(/\nalso "overrides\.7\.modules": .*\nand 992 more$/);
});
