package main

// answer is what GET /api/v1/answer returns. It is the line to edit when you want to see that new code is live.
const answer = "the first answer"
